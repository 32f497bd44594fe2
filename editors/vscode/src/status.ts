/** The item of the status bar: which wdlint runs, or why none does. */

import * as vscode from "vscode";

export class Status implements vscode.Disposable {
  private readonly item: vscode.LanguageStatusItem;

  constructor(languages: vscode.DocumentSelector) {
    this.item = vscode.languages.createLanguageStatusItem("wdlint", languages);
    this.item.name = "wdlint";
    this.item.command = { title: "Show Output", command: "wdlint.showOutput" };
  }

  starting(): void {
    this.item.busy = true;
    this.item.severity = vscode.LanguageStatusSeverity.Information;
    this.item.text = "wdlint";
    this.item.detail = "starting";
  }

  running(version: string, origin: string): void {
    this.item.busy = false;
    this.item.severity = vscode.LanguageStatusSeverity.Information;
    this.item.text = `wdlint ${version}`;
    this.item.detail = `found ${origin}`;
  }

  off(): void {
    this.item.busy = false;
    this.item.severity = vscode.LanguageStatusSeverity.Information;
    this.item.text = "wdlint";
    this.item.detail = "turned off in the settings";
  }

  failed(why: string): void {
    this.item.busy = false;
    this.item.severity = vscode.LanguageStatusSeverity.Error;
    this.item.text = "wdlint does not run";
    this.item.detail = why;
  }

  dispose(): void {
    this.item.dispose();
  }
}
