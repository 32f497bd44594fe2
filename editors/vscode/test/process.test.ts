import assert from "node:assert/strict";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { test } from "node:test";

import { output, ServerProcess } from "../src/process";

test("what a command prints is given, in the folder that it is run in", async () => {
  const printed = await output(process.execPath, ["-e", "console.log(process.cwd())"], "/");
  assert.equal(printed.trim(), "/");
});

test("a command that fails says why in its last line of standard error", async () => {
  const script = "console.error('first\\nwdlint: error: no'); process.exit(2)";
  await assert.rejects(output(process.execPath, ["-e", script], tmpdir()), { message: "wdlint: error: no" });
  await assert.rejects(output("/no/such/program", [], tmpdir()), /there is no such program/);
});

test("a server's last words are remembered", async () => {
  const server = new ServerProcess(process.execPath, ["-e", "console.error('a\\nthe server needs pygls')"], tmpdir());
  await once(server.child, "close");
  assert.equal(server.complaint(), "the server needs pygls");
});

test("a server that is not there says so", async () => {
  const server = new ServerProcess("/no/such/program", [], tmpdir());
  await once(server.child, "error");
  assert.match(server.complaint(), /there is no such program/);
});
