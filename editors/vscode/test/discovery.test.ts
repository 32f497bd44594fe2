import assert from "node:assert/strict";
import { test } from "node:test";

import { type Candidate, candidates, explained, find, isFound, type Surroundings } from "../src/discovery";
import { read } from "../src/settings";

const PLACES = { home: "/home/me", workspace: "/work" };

function settings(values: Record<string, unknown> = {}) {
  return read((key) => values[key], PLACES);
}

function around(some: Partial<Surroundings> & { files?: string[] } = {}): Surroundings {
  const { files = [], ...rest } = some;
  return {
    selected: undefined,
    searchPath: "",
    windows: false,
    trusted: true,
    folders: ["/work"],
    isFile: (path) => files.includes(path),
    ...rest,
  };
}

function commands(found: Candidate[]): string[] {
  return found.map(({ command, args }) => [command, ...args].join(" "));
}

test("the selected environment comes before the PATH", () => {
  const here = around({ selected: "/env/bin/python", searchPath: "/a:/b:/c", files: ["/b/wdlint", "/c/wdlint"] });
  assert.deepEqual(commands(candidates(settings(), here)), ["/env/bin/python -m wdlint", "/b/wdlint"]);
});

test("what a setting names is tried alone", () => {
  const here = around({ selected: "/env/bin/python", searchPath: "/a", files: ["/a/wdlint"] });
  assert.deepEqual(commands(candidates(settings({ path: "/x/wdlint", interpreter: "/y/python" }), here)), ["/x/wdlint"]);
  assert.deepEqual(commands(candidates(settings({ interpreter: "/y/python" }), here)), ["/y/python -m wdlint"]);
});

test("where the workspace is not trusted, nothing that may lie in it is run", () => {
  const files = ["/work/bin/wdlint", "/work/wdlint", "/workshop/wdlint"];
  const here = around({ trusted: false, selected: "/work/.venv/bin/python", files });
  assert.deepEqual(candidates(settings(), { ...here, searchPath: "/work/bin:/work" }), []);
  assert.deepEqual(commands(candidates(settings(), { ...here, searchPath: "/work/bin:/workshop" })), ["/workshop/wdlint"]);
});

test("relative folders of the PATH are passed over", () => {
  const here = around({ searchPath: ".::bin:/a", files: ["wdlint", "bin/wdlint", "/a/wdlint"] });
  assert.deepEqual(commands(candidates(settings(), here)), ["/a/wdlint"]);
});

test("on Windows it is an .exe, and folders are divided by semicolons", () => {
  const here = around({ windows: true, searchPath: "C:\\a;D:\\b", files: ["D:\\b\\wdlint.exe"] });
  assert.deepEqual(commands(candidates(settings(), here)), ["D:\\b\\wdlint.exe"]);
});

const ENVIRONMENT: Candidate = {
  command: "/env/bin/python", args: ["-m", "wdlint"], origin: "in the selected Python environment", named: false,
};
const ON_PATH: Candidate = { command: "/a/wdlint", args: [], origin: "on the PATH", named: false };

test("the first that says its version is it", async () => {
  const asked: string[] = [];
  const found = await find([ENVIRONMENT, ON_PATH], (command, args) => {
    asked.push([command, ...args].join(" "));
    return command === "/a/wdlint"
      ? Promise.resolve("wdlint 1.2.3\n")
      : Promise.reject(new Error("No module named wdlint"));
  });
  assert.deepEqual(asked, ["/env/bin/python -m wdlint --version", "/a/wdlint --version"]);
  assert.ok(isFound(found));
  assert.equal(found.version, "1.2.3");
  assert.equal(found.command, "/a/wdlint");
});

test("another program of that name is none", async () => {
  const found = await find([ON_PATH], () => Promise.resolve("Width-Delimited Lint 3\n"));
  assert.ok(!isFound(found));
  assert.equal(found.tried[0]?.reason, "it is another program");
});

test("where there is none, the message says where it was looked for and what to do", async () => {
  const failing = () => Promise.reject(new Error("No module named wdlint"));
  const missing = await find([ENVIRONMENT, ON_PATH], failing);
  assert.ok(!isFound(missing));
  assert.equal(
    explained(missing, true),
    "wdlint was not found in the selected Python environment or on the PATH. " +
      "Install it there, with pygls, or name it in the setting wdlint.path.",
  );
  assert.match(explained({ tried: [] }, false), /not found on the PATH\. The workspace is not trusted/);
  const [named] = candidates(settings({ path: "/x/wdlint" }), around());
  assert.ok(named);
  const wrong = await find([named], failing);
  assert.ok(!isFound(wrong));
  assert.equal(
    explained(wrong, true),
    "/x/wdlint, named by the setting wdlint.path, is not wdlint: No module named wdlint",
  );
});
