/** Where the server is: which commands may start it, in which order, and which of them does. Knows no editor. */

import * as path from "node:path";

import type { Settings } from "./settings";

/** A command that may be wdlint; `server` as one more argument would start it. */
export interface Candidate {
  readonly command: string;
  readonly args: readonly string[];
  /** Where it was looked for, in words: "on the PATH". */
  readonly origin: string;
  /** Whether a setting of the user's names it. */
  readonly named: boolean;
}

export interface Found extends Candidate {
  readonly version: string;
}

/** What was tried in vain, and why each of it failed. */
export interface NotFound {
  readonly tried: readonly { readonly candidate: Candidate; readonly reason: string }[];
}

/** What there is to look in. */
export interface Surroundings {
  /** The Python of the selected environment, as the Python extension tells it. */
  readonly selected: string | undefined;
  /** The variable PATH. */
  readonly searchPath: string;
  readonly windows: boolean;
  /** Whether the user trusts the workspace with running its code. */
  readonly trusted: boolean;
  /** The workspace's folders. */
  readonly folders: readonly string[];
  isFile(path: string): boolean;
}

/**
 * Run a command and give what it printed to standard output.
 * @throws an Error whose message says why it could not be run, or what it complained of
 */
export type Run = (command: string, args: readonly string[]) => Promise<string>;

/**
 * The commands to try, in order. What the user names is tried alone: another one would be a surprise.
 *
 * An environment may lie in the workspace, and a `wdlint` on the PATH too: in a workspace that is not trusted neither is run.
 */
export function candidates(settings: Settings, around: Surroundings): Candidate[] {
  if (settings.path) {
    return [{ command: settings.path, args: [], origin: "by the setting wdlint.path", named: true }];
  }
  if (settings.interpreter) {
    return [module(settings.interpreter, "by the setting wdlint.interpreter", true)];
  }
  const found: Candidate[] = [];
  if (around.selected && around.trusted) {
    found.push(module(around.selected, "in the selected Python environment", false));
  }
  const onPath = searched(around);
  if (onPath) {
    found.push({ command: onPath, args: [], origin: "on the PATH", named: false });
  }
  return found;
}

/** The first candidate that says its version. */
export async function find(tried: readonly Candidate[], run: Run): Promise<Found | NotFound> {
  const failed = [];
  for (const candidate of tried) {
    try {
      const printed = await run(candidate.command, [...candidate.args, "--version"]);
      const version = /^wdlint,? (?:version )?(\d\S*)/m.exec(printed)?.[1];
      if (version) {
        return { ...candidate, version };
      }
      failed.push({ candidate, reason: "it is another program" });
    } catch (error) {
      failed.push({ candidate, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { tried: failed };
}

export function isFound(result: Found | NotFound): result is Found {
  return "version" in result;
}

/** Why there is no server, for a message to the user, and what to do. */
export function explained(missing: NotFound, trusted: boolean): string {
  const [first] = missing.tried;
  if (first?.candidate.named) {
    const { command, args, origin } = first.candidate;
    return `${[command, ...args].join(" ")}, named ${origin}, is not wdlint: ${first.reason}`;
  }
  const where = missing.tried.map(({ candidate }) => candidate.origin).join(" or ") || "on the PATH";
  const restricted = trusted ? "" : " The workspace is not trusted: its own environment was not looked at.";
  return `wdlint was not found ${where}.${restricted} Install it there, with pygls, or name it in the setting wdlint.path.`;
}

function module(python: string, origin: string, named: boolean): Candidate {
  return { command: python, args: ["-m", "wdlint"], origin, named };
}

/** The wdlint on the PATH. Relative folders are passed over: they would mean what lies in the workspace. */
function searched(around: Surroundings): string | undefined {
  const paths = around.windows ? path.win32 : path.posix;
  const names = around.windows ? ["wdlint.exe"] : ["wdlint"];
  for (const folder of around.searchPath.split(paths.delimiter)) {
    if (!paths.isAbsolute(folder) || (!around.trusted && around.folders.some((top) => isBelow(folder, top, paths)))) {
      continue;
    }
    const file = names.map((name) => paths.join(folder, name)).find((name) => around.isFile(name));
    if (file) {
      return file;
    }
  }
  return undefined;
}

function isBelow(folder: string, top: string, paths: path.PlatformPath): boolean {
  const way = paths.relative(top, folder);
  return way !== ".." && !way.startsWith(`..${paths.sep}`) && !paths.isAbsolute(way);
}
