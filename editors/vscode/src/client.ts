/** The server while it runs: started, restarted, stopped, and its trouble told. */

import { statSync } from "node:fs";
import { homedir } from "node:os";

import * as vscode from "vscode";
import {
  CloseAction,
  type DocumentSelector,
  type ErrorHandler,
  ErrorAction,
  LanguageClient,
  RevealOutputChannelOn,
} from "vscode-languageclient/node";

import * as discovery from "./discovery";
import * as python from "./python";
import { output, ServerProcess } from "./process";
import * as settings from "./settings";
import type { Status } from "./status";

export const LANGUAGES = ["python", "yaml", "json", "jsonc"] as const;
const SELECTOR: DocumentSelector = [
  ...LANGUAGES.map((language) => ({ scheme: "file", language })),
  { scheme: "untitled", language: "python" },
  { notebook: { notebookType: "jupyter-notebook" }, language: "python" },
];
const RESTARTS = 3; // after as many ends in a row the server is left alone
const IN_A_ROW = 180_000; // ms

/** A client whose trouble is told once, by the server's own words: its own messages go to the output. */
class Client extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private starting = false;
  private ends: number[] = [];
  private turn: Promise<void> = Promise.resolve();

  /** `home` is the extension's own folder: programs are run there, so that nothing of a workspace is imported. */
  constructor(
    private readonly home: string,
    private readonly log: vscode.LogOutputChannel,
    private readonly status: Status,
  ) {}

  /** Stop what runs and start anew, by the settings as they are now. One after the other, however often it is asked. */
  restart(): Promise<void> {
    this.turn = this.turn.then(() => this.restarted()).catch((error: unknown) => this.failed(words(error)));
    return this.turn;
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client?.needsStop()) {
      await client.stop().catch((error: unknown) => this.log.warn(words(error)));
    }
    await client?.dispose().catch(() => undefined);
  }

  dispose(): void {
    void this.stop();
  }

  private async restarted(): Promise<void> {
    await this.stop();
    const folders = vscode.workspace.workspaceFolders ?? [];
    const configuration = vscode.workspace.getConfiguration("wdlint");
    const chosen = settings.read((key) => configuration.get(key), {
      home: homedir(),
      workspace: folders[0]?.uri.fsPath,
    });
    if (!chosen.enable) {
      this.status.off();
      return;
    }
    this.status.starting();
    const trusted = vscode.workspace.isTrusted;
    const found = await this.found(chosen, trusted, folders);
    if (!discovery.isFound(found)) {
      for (const { candidate, reason } of found.tried) {
        this.log.error(`${[candidate.command, ...candidate.args].join(" ")} (${candidate.origin}): ${reason}`);
      }
      this.failed(discovery.explained(found, trusted));
      return;
    }
    this.log.info(`wdlint ${found.version}, ${found.origin}: ${[found.command, ...found.args].join(" ")}`);
    await this.start(found, settings.initializationOptions(chosen, trusted));
  }

  private async found(
    chosen: settings.Settings,
    trusted: boolean,
    folders: readonly vscode.WorkspaceFolder[],
  ): Promise<discovery.Found | discovery.NotFound> {
    const selected = trusted ? await python.selected(folders[0]?.uri) : undefined;
    const tried = discovery.candidates(chosen, {
      selected,
      searchPath: process.env["PATH"] ?? "",
      windows: process.platform === "win32",
      trusted,
      folders: folders.map((folder) => folder.uri.fsPath),
      isFile: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
    });
    return discovery.find(tried, (command, args) => output(command, args, this.home));
  }

  private async start(found: discovery.Found, options: settings.InitializationOptions): Promise<void> {
    let process: ServerProcess | undefined;
    const client = new Client(
      "wdlint",
      "wdlint",
      () => {
        process = new ServerProcess(found.command, [...found.args, "server"], this.home);
        return Promise.resolve(process.child);
      },
      {
        documentSelector: SELECTOR,
        initializationOptions: options,
        outputChannel: this.log,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        initializationFailedHandler: () => false,
        errorHandler: this.errorHandler(() => process?.complaint() ?? ""),
      },
    );
    this.client = client;
    this.starting = true;
    try {
      await client.start();
    } catch (error) {
      this.client = undefined;
      this.failed(process?.complaint() || words(error));
      return;
    } finally {
      this.starting = false;
    }
    this.status.running(found.version, found.origin);
  }

  private errorHandler(complaint: () => string): ErrorHandler {
    return {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => {
        const now = Date.now();
        this.ends = [...this.ends.filter((end) => now - end < IN_A_ROW), now];
        if (this.client === undefined || this.starting) {
          return { action: CloseAction.DoNotRestart, handled: true }; // who stops or starts it tells of it
        }
        if (this.ends.length <= RESTARTS) {
          return { action: CloseAction.Restart, handled: true };
        }
        this.failed(complaint() || "the server ended");
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    };
  }

  private failed(why: string): void {
    const sentence = why.startsWith("wdlint") ? why : `wdlint: ${why}`;
    this.status.failed(why);
    this.log.error(why);
    void vscode.window.showErrorMessage(sentence, "Show Output", "Settings").then((answer) => {
      if (answer === "Show Output") {
        this.log.show(true);
      } else if (answer === "Settings") {
        void vscode.commands.executeCommand("workbench.action.openSettings", "wdlint");
      }
    });
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
