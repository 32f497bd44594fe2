/** wdlint in VS Code: what the editor calls when the extension comes and goes, and the commands. */

import * as vscode from "vscode";

import { LANGUAGES, Server } from "./client";
import * as python from "./python";
import { Status } from "./status";

const FIX_ALL = vscode.CodeActionKind.SourceFixAll.append("wdlint");

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel("wdlint", { log: true });
  const status = new Status(LANGUAGES.map((language) => ({ language })));
  const server = new Server(context.extensionPath, log, status);
  context.subscriptions.push(
    log,
    status,
    server,
    vscode.commands.registerCommand("wdlint.restart", () => server.restart()),
    vscode.commands.registerCommand("wdlint.showOutput", () => log.show(true)),
    vscode.commands.registerCommand("wdlint.fixAll", fixAll),
    vscode.workspace.onDidGrantWorkspaceTrust(() => server.restart()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("wdlint") && !change.affectsConfiguration("wdlint.trace")) {
        void server.restart();
      }
    }),
  );
  await server.restart();
  const selections = await python.onSelected(() => void server.restart());
  if (selections) {
    context.subscriptions.push(selections);
  }
}

/** Apply all safe fixes of the file in front, and say so where there is none. */
async function fixAll(): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  if (!document) {
    return;
  }
  const whole = new vscode.Range(0, 0, document.lineCount, 0);
  const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    "vscode.executeCodeActionProvider",
    document.uri,
    whole,
    FIX_ALL.value,
  );
  const edit = actions.find((action) => action.kind && FIX_ALL.contains(action.kind))?.edit;
  if (edit) {
    await vscode.workspace.applyEdit(edit);
  } else {
    void vscode.window.showInformationMessage("wdlint: nothing in this file can be repaired without changing the update rule");
  }
}
