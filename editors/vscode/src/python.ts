/** The selected Python, as Microsoft's extension for Python knows it. Where that is not installed, there is none. */

import * as vscode from "vscode";

const EXTENSION = "ms-python.python";

/** The part of that extension's interface that is used here. */
interface PythonApi {
  readonly environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(environment: { readonly path: string }): Promise<Environment | undefined>;
    readonly onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

interface Environment {
  readonly executable: { readonly uri: vscode.Uri | undefined };
}

/** The Python that is selected for a folder. */
export async function selected(folder: vscode.Uri | undefined): Promise<string | undefined> {
  const environments = (await api())?.environments;
  const environment = await environments?.resolveEnvironment(environments.getActiveEnvironmentPath(folder));
  return environment?.executable.uri?.fsPath;
}

/** Call back whenever another environment is selected. */
export async function onSelected(changed: () => void): Promise<vscode.Disposable | undefined> {
  return (await api())?.environments.onDidChangeActiveEnvironmentPath(changed);
}

async function api(): Promise<PythonApi | undefined> {
  const extension = vscode.extensions.getExtension<Partial<PythonApi>>(EXTENSION);
  const exported = await extension?.activate();
  return exported?.environments ? (exported as PythonApi) : undefined; // older ones export something else
}
