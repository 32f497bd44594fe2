"""Settings from `pyproject.toml` or `wdlint.toml`, found upwards from each file, and checked.

What the settings are stands in `wdlint.settings.catalogue`. A file is read as data; nothing in it is run. The
command line's settings win over every file's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import Field, fields, replace
from typing import Any

from wdlint.complaint import Complaint
from wdlint.settings.catalogue import Knowledge, OptimizerEntry, Settings
from wdlint.settings.trust import is_trusted
from wdlint.suggest import suggestion
from wdlint.version import __version__

FILES = ("wdlint.toml", "pyproject.toml")
_LARGEST = 1_000_000  # bytes
COUPLINGS = ("decoupled", "adaptive", "plain", "none", "unknown")


class ConfigurationError(Complaint):
    """A configuration file that can't be used; the message names the file, the key and what to write."""


class Configuration:
    """The settings in force in each folder: the nearest file's, with the command line's on top.

    Args:
        overrides: settings of the command line, by their name in `Settings`.
        file: a configuration file to use everywhere instead of those that would be found.
        isolated: whether all configuration files are left aside.
        trust_rules: whether folders of rules that files name may be run, whoever they are from.
    """

    def __init__(
        self,
        overrides: Mapping[str, Any] | None = None,
        file: str | None = None,
        isolated: bool = False,
        trust_rules: bool = False,
    ) -> None:
        self._overrides = dict(overrides or {})
        self._trust_rules = trust_rules
        self.withheld: dict[str, tuple[str, ...]] = {}  # by folder, those that were asked for and are not trusted
        self._found: dict[str, Settings] = {}
        self._fixed: Settings | None = None
        if file is not None:
            self._fixed = self._overridden(read(file) or Settings(root=os.path.dirname(os.path.abspath(file))))
        elif isolated:
            self._fixed = self._overridden(Settings(root=os.getcwd()))

    def __call__(self, folder: str) -> Settings:
        """The settings in force in a folder (an absolute path).

        Raises:
            ConfigurationError: the file that decides can't be used.
        """
        if self._fixed is not None:
            return self._fixed
        if folder not in self._found:
            self._found[folder] = self._settings(folder)
        return self._found[folder]

    def _settings(self, folder: str) -> Settings:
        for name in FILES:
            path = os.path.join(folder, name)
            if os.path.isfile(path) or (name == FILES[0] and _leads_nowhere(path)):
                settings = read(path)
                if settings is not None:
                    return self._overridden(settings)
        parent = os.path.dirname(folder)
        return self(parent) if parent != folder else self._overridden(Settings(root=os.getcwd()))

    def _overridden(self, settings: Settings) -> Settings:
        overrides = dict(self._overrides)
        if settings.rule_paths and not self._trust_rules and not is_trusted(settings.root):
            self.withheld[settings.root] = settings.rule_paths
            settings = replace(settings, rule_paths=(), withheld_rules=settings.rule_paths)
        if "select" in overrides:  # a selection on the command line starts afresh
            settings = replace(settings, extend_select=(), ignore=())
        for name in ("ignore", "extend_select", "extend_exclude"):
            if name in overrides:
                overrides[name] = (*getattr(settings, name), *overrides[name])
        return replace(settings, **overrides)


def _leads_nowhere(path: str) -> bool:
    """Whether a path is a link to nothing, or to itself: somebody meant a file to be there."""
    return os.path.islink(path) and not os.path.exists(path)


def read(path: str, extended_by: tuple[str, ...] = ()) -> Settings | None:
    """The settings of one file, or None where a `pyproject.toml` has nothing for wdlint.

    `extended_by` are the files on whose behalf it is read.

    Raises:
        ConfigurationError: the file can't be read, is no TOML, or has a key or value that is none of ours.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigurationError(f"{path}: can't be read: {error.strerror}") from None
    own = os.path.basename(path) != "pyproject.toml"
    if not own and b"wdlint" not in data:
        return None
    if len(data) > _LARGEST:  # reading it would take longer than linting
        raise ConfigurationError(f"{path}: is larger than {_LARGEST // 1_000_000} MB: no configuration is")
    document = _parsed(data, path)
    table: object = document
    if not own:
        tool = document.get("tool")
        table = tool.get("wdlint") if isinstance(tool, dict) else None
        if table is None:
            return None
    where = f"{path}: " if own else f"{path}: [tool.wdlint] "
    if not isinstance(table, dict):
        raise ConfigurationError(f"{where}must be a table")
    if own and "tool" in table:
        raise ConfigurationError(f"{where}`[tool.wdlint]` is for pyproject.toml: here keys stand at the top level")
    _fits(table.get("required-version"), where)  # before the other keys: another version may have more of them
    values = _checked(table, Settings, where)
    return replace(_base(path, values.get("extend", ""), where, extended_by), **values)


def _fits(wanted: object, where: str) -> None:
    """Refuse settings that are meant for other versions; what is no text is refused with the other values."""
    if not isinstance(wanted, str) or not wanted:
        return
    from wdlint.settings.versions import satisfies

    try:
        fits = satisfies(__version__, wanted)
    except ValueError as error:
        raise ConfigurationError(f"{where}`required-version`: `{error}` is no condition on a version") from None
    if not fits:
        raise ConfigurationError(f"{where}`required-version` asks for wdlint {wanted}; this is {__version__}")


def _base(path: str, extended: str, where: str, extended_by: tuple[str, ...]) -> Settings:
    """What a file's settings are made on top of: the defaults, or those of the file that it extends."""
    root = os.path.dirname(os.path.abspath(path))
    if not extended:
        return Settings(root=root)
    other = os.path.realpath(os.path.join(root, os.path.expanduser(extended)))
    line = (*extended_by, os.path.realpath(path))
    if other in line:
        raise ConfigurationError(f"{where}`extend` leads back to {other}")
    if not os.path.isfile(other):
        raise ConfigurationError(f"{where}`extend`: there is no file {other}")
    base = read(other, line)
    if base is None:
        raise ConfigurationError(f"{where}`extend`: {other} has no settings of wdlint")

    def at(paths: tuple[str, ...]) -> tuple[str, ...]:
        """Folders as they are meant: from where the extended file stands."""
        return tuple(os.path.join(base.root, path) for path in paths)

    baseline = os.path.join(base.root, base.baseline) if base.baseline else ""
    return replace(base, root=root, roots=at(base.roots), rule_paths=at(base.rule_paths), baseline=baseline)


def _parsed(data: bytes, path: str) -> dict[str, Any]:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        document: dict[str, Any] = tomllib.loads(data.decode("utf-8-sig"))
        return document
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: is not UTF-8, as TOML must be") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: is not TOML: {error}") from None
    except RecursionError:
        raise ConfigurationError(f"{path}: is nested too deeply") from None


def given(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What keys as in a file set, by their name in `Settings`, where they stand elsewhere: in an editor's options.

    Raises:
        ConfigurationError: a key or value is none of ours; the message begins with `where`.
    """
    return _checked(table, Settings, where)


def keys(of: type) -> dict[str, Field[Any]]:
    """The keys that a table may have, spelled as in files, and the settings that they set."""
    return {member.name.replace("_", "-"): member for member in fields(of) if member.metadata}


def selectors_of(settings: Settings) -> list[tuple[str, tuple[str, ...]]]:
    """Every setting that names rules, and the selectors that it holds; those that hold none are left out."""
    rules = [(key, member.name) for key, member in keys(Settings).items() if member.metadata["form"] == "rules"]
    found = [(key, getattr(settings, name)) for key, name in rules]
    found.append(("severity", tuple(selector for selector, _ in settings.severity)))
    found += [("per-file-ignores", selectors) for _, selectors in settings.per_file_ignores]
    return [(key, selectors) for key, selectors in found if selectors]


def _checked(table: Mapping[str, Any], of: type, where: str) -> dict[str, Any]:
    known = keys(of)
    values = {}
    for key, value in table.items():
        if key not in known:
            raise ConfigurationError(f"{where}`{key}`: there is no such key{suggestion(key, known)}")
        member = known[key]
        values[member.name] = _value(value, member.metadata["form"], f"{where}`{key}`")
    return values


def _value(value: Any, form: str, where: str) -> Any:
    """A value in the form that `Settings` holds it in."""
    if form in ("rules", "strings"):
        return _strings(value, where)
    if form == "boolean":
        return _is(value, bool, where, "true or false")
    if form in ("steps", "bytes"):
        number = _is(value, int, where, f"a whole number of {form}")
        if isinstance(value, bool) or number < 0:
            raise ConfigurationError(f"{where} must be a whole number of {form}, not {_brief(value)}")
        return number
    if form == "string":
        return _without_nul(_is(value, str, where, "a string"), where)
    if form.startswith("choice: "):
        return _one_of(value, form[8:].split(), where)
    table = _is(value, dict, where, "a table")
    if form == "rules by glob":
        return tuple((glob, _strings(rules, f"{where} of `{glob}`")) for glob, rules in table.items())
    if form == "severity by rule":
        levels = ("error", "warning", "off")
        return tuple((rule, _one_of(level, levels, f"{where} of `{rule}`")) for rule, level in table.items())
    if form == "optimizers":
        return tuple(_optimizer(path, entry, f"{where} entry `{path}`") for path, entry in table.items())
    return Knowledge(**_checked(table, Knowledge, f"{where} "))


def _optimizer(path: str, entry: Any, where: str) -> OptimizerEntry:
    known = ("decay", "default", "coupling")
    for key in _is(entry, dict, where, "a table"):
        if key not in known:
            raise ConfigurationError(f"{where}: there is no key `{key}`{suggestion(key, known)}")
    decay = entry.get("decay", "weight_decay")
    default = entry.get("default")
    if default is not None and (isinstance(default, bool) or not isinstance(default, int | float)):
        raise ConfigurationError(f"{where}: `default` must be a number, not {default!r}")
    if default is not None and not abs(default) < float("inf"):
        raise ConfigurationError(f"{where}: `default` must be a finite number, not {default!r}")
    if decay is not False:
        _is(decay, str, f"{where}: `decay`", "the argument's name, or false where there is none")
    coupling = _one_of(entry.get("coupling", "unknown"), COUPLINGS, f"{where}: `coupling`")
    return OptimizerEntry(path, decay or None, None if default is None else float(default), coupling)


def _strings(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigurationError(f"{where} must be a list of strings, not {_brief(value)}")
    return tuple(_without_nul(item, where) for item in value)


def _without_nul(text: str, where: str) -> str:
    if "\0" in text:
        raise ConfigurationError(f"{where}: no path, pattern or name holds the character NUL")
    return text


def _one_of(value: Any, choices: Any, where: str) -> str:
    if value not in tuple(choices):
        near = suggestion(value, choices) if isinstance(value, str) else ""
        raise ConfigurationError(f"{where} must be one of {', '.join(choices)}, not {_brief(value)}{near}")
    return str(value)


def _brief(value: Any) -> str:
    told = repr(value)
    return told if len(told) <= 60 else f"{told[:60]}…"


def _is(value: Any, kind: type, where: str, words: str) -> Any:
    if not isinstance(value, kind):
        raise ConfigurationError(f"{where} must be {words}, not {_brief(value)}")
    return value


def as_toml(settings: Settings) -> str:
    """The settings as a `wdlint.toml` that would bring them about."""
    lines = [f"# in force for {settings.root}"]
    for key, member in keys(Settings).items():
        value = getattr(settings, member.name)
        if member.metadata["form"] in ("rules by glob", "severity by rule"):
            lines.append(f"{key} = {{{', '.join(f'{_toml(name)} = {_toml(item)}' for name, item in value)}}}")
        elif not isinstance(value, Knowledge) and value != "":
            lines.append(f"{key} = {_toml(value)}")
    lines += ["", "[knowledge]"]
    knowledge = settings.knowledge
    plain = [(key, member) for key, member in keys(Knowledge).items() if member.metadata["form"] == "strings"]
    lines += [f"{key} = {_toml(getattr(knowledge, member.name))}" for key, member in plain]
    for entry in knowledge.optimizers:
        lines += ["", f"[knowledge.optimizers.{_toml(entry.path)}]", f"decay = {_toml(entry.decay or False)}"]
        lines += [] if entry.default is None else [f"default = {_toml(entry.default)}"]
        lines += [f"coupling = {_toml(entry.coupling)}"]
    return "".join(f"{line}\n" for line in lines)


def value_as_toml(value: Any) -> str:
    """A setting's value as its file would have it; a table inline."""
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return "{" + ", ".join(f"{_toml(name)} = {_toml(item)}" for name, item in value) + "}"
    return _toml(value)


def _toml(value: Any) -> str:
    import json

    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    # Strings, numbers and truth values are written alike in both, but for characters beyond 16 bits; what could steer a
    # terminal is spelled out.
    text = json.dumps(value, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in text)
