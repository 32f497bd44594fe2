/** The extension's settings as they count: checked, with `~` and `${workspaceFolder}` in paths put in. Knows no editor. */

export interface Settings {
  readonly enable: boolean;
  /** The wdlint to run; empty where it is to be found. */
  readonly path: string;
  /** The Python that has wdlint; empty where it is to be found. */
  readonly interpreter: string;
  /** What wins over configuration files: their own keys, judged by the server. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly trustRules: boolean;
}

/** What paths in settings may speak of. */
export interface Places {
  readonly home: string;
  /** The first folder of the workspace, where there is one. */
  readonly workspace: string | undefined;
}

/** What the server is told when it starts. */
export interface InitializationOptions {
  readonly trustRules: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Read the settings by what the editor has under each key. A value of another form counts as its default. */
export function read(get: (key: string) => unknown, places: Places): Settings {
  const settings = get("settings");
  return {
    enable: get("enable") !== false,
    path: expanded(get("path"), places),
    interpreter: expanded(get("interpreter"), places),
    settings: isTable(settings) ? settings : {},
    trustRules: get("trustRules") !== false,
  };
}

/** Rules that come with a workspace are code: they run only where the user trusts the workspace. */
export function initializationOptions(settings: Settings, trusted: boolean): InitializationOptions {
  return { trustRules: trusted && settings.trustRules, settings: settings.settings };
}

function expanded(value: unknown, places: Places): string {
  if (typeof value !== "string") {
    return "";
  }
  const written = value.trim();
  const fromHome = written === "~" || /^~[/\\]/.test(written) ? places.home + written.slice(1) : written;
  return fromHome.replaceAll("${workspaceFolder}", places.workspace ?? "");
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
