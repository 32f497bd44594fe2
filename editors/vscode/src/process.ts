/** Programs that are run: wdlint for its version, and as a server. Knows no editor. */

import { type ChildProcess, execFile, spawn } from "node:child_process";

const PATIENCE = 30_000; // ms for a first start from a cold disk
const REMEMBERED = 2_000; // characters of standard error, from its end

/**
 * Run a command in a folder and give what it printed.
 *
 * The folder must not be the workspace's: `python -m` imports from where it stands first.
 */
export function output(command: string, args: readonly string[], folder: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd: folder, timeout: PATIENCE, windowsHide: true }, (error, stdout, stderr) => {
      if (error) {
        reject(new Error(lastLine(stderr) || (error.killed ? "it did not answer" : reason(error))));
      } else {
        resolve(stdout);
      }
    });
  });
}

/** A server's process, and what it said last on standard error. */
export class ServerProcess {
  readonly child: ChildProcess;
  private said = "";

  constructor(command: string, args: readonly string[], folder: string) {
    this.child = spawn(command, args, { cwd: folder, windowsHide: true });
    this.child.stderr?.on("data", (data: Buffer) => {
      this.said = (this.said + data.toString("utf8")).slice(-REMEMBERED);
    });
    this.child.on("error", (error) => {
      this.said += `\n${reason(error)}`;
    });
  }

  /** Its last words, where it ended by itself. */
  complaint(): string {
    return lastLine(this.said);
  }
}

function reason(error: Error & { code?: unknown }): string {
  return error.code === "ENOENT" ? "there is no such program" : error.message;
}

function lastLine(text: string): string {
  return text.trimEnd().split(/\r?\n/).at(-1)?.trim() ?? "";
}
