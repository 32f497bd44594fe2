import assert from "node:assert/strict";
import { test } from "node:test";

import { initializationOptions, read } from "../src/settings";

const PLACES = { home: "/home/me", workspace: "/work/place" };

function settings(values: Record<string, unknown>, places: Parameters<typeof read>[1] = PLACES) {
  return read((key) => values[key], places);
}

test("without settings wdlint lints, is looked for, and a trusted workspace's rules run", () => {
  assert.deepEqual(settings({}), { enable: true, path: "", interpreter: "", settings: {}, trustRules: true });
});

test("paths may speak of the home folder and of the workspace", () => {
  const found = settings({ path: " ~/bin/wdlint ", interpreter: "${workspaceFolder}/.venv/bin/python" });
  assert.equal(found.path, "/home/me/bin/wdlint");
  assert.equal(found.interpreter, "/work/place/.venv/bin/python");
  assert.equal(settings({ path: "~me/wdlint" }).path, "~me/wdlint");
  assert.equal(settings({ path: "${workspaceFolder}x" }, { home: "/h", workspace: undefined }).path, "x");
});

test("a value of another form counts as its default", () => {
  for (const odd of [null, 7, ["a"], "x"]) {
    assert.deepEqual(settings({ settings: odd }).settings, {});
  }
  assert.equal(settings({ path: 7 }).path, "");
  assert.equal(settings({ enable: "no" }).enable, true);
});

test("rules of a workspace run only if it is trusted and the setting does not forbid it", () => {
  const chosen = settings({ settings: { latent: true } });
  assert.deepEqual(initializationOptions(chosen, true), { trustRules: true, settings: { latent: true } });
  assert.equal(initializationOptions(chosen, false).trustRules, false);
  assert.equal(initializationOptions(settings({ trustRules: false }), true).trustRules, false);
});
