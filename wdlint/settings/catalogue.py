"""Every setting of a run, its meaning and its default.

Plain, frozen, hashable values that cross processes. How they are read from files and checked is
in `wdlint.settings.config`; the command line's own switches (what to print where) are in `wdlint.commands.cli`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# Folders that hold no code of the project's own.
SKIPPED_FOLDERS = (
    ".bzr", ".direnv", ".eggs", ".git", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox", ".pants.d", ".pyenv",
    ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode", "__pycache__", "__pypackages__",
    "_build", "build", "buck-out", "dist", "node_modules", "site-packages", "venv",
)  # fmt: skip


FORMATS = (
    "text",
    "full",
    "concise",
    "grouped",
    "pylint",
    "json",
    "json-lines",
    "sarif",
    "github",
    "gitlab",
    "azure",
    "junit",
    "rdjson",
)


def _setting(default: Any, form: str, doc: str) -> Any:
    return field(default=default, metadata={"form": form, "doc": doc})


@dataclass(frozen=True, slots=True)
class OptimizerEntry:
    """An optimizer that wdlint can't know: what the user says of it."""

    path: str  # import path of the class, e.g. `mylib.optim.Sophia`
    decay: str | None = "weight_decay"  # the argument that holds the decay strength, or None
    default: float | None = None  # its default strength
    coupling: str = "unknown"  # decoupled, adaptive, plain, none or unknown


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The user's own additions to what is known of libraries."""

    norm_layers: tuple[str, ...] = _setting(
        (),
        "strings",
        "Import paths or bare names of classes that are normalisation layers: they hold gains and biases.",
    )
    gain_names: tuple[str, ...] = _setting((), "strings", "Attribute names of parameters that are gains.")
    bias_names: tuple[str, ...] = _setting((), "strings", "Attribute names of parameters that are biases.")
    optimizers: tuple[OptimizerEntry, ...] = _setting(
        (), "optimizers", "Optimizers by import path, each with `decay`, `default` and `coupling`."
    )
    model_factories: tuple[str, ...] = _setting(
        (), "strings", "Import paths of classes and functions, not in the project's source, that make models."
    )
    group_factories: tuple[str, ...] = _setting(
        (),
        "strings",
        "Import paths of functions, not in the project's source, that take a model first and `weight_decay` and return"
        " parameter groups in which gains and biases (parameters of one dimension) don't decay.",
    )


NOTHING_MORE = Knowledge()


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for one file. `root` is the folder that its patterns and paths are relative to."""

    root: str = "."
    withheld_rules: tuple[str, ...] = ()  # folders that `rule-paths` named and that nobody trusts
    extend: str = _setting("", "string", "A settings file whose keys hold here, too, where this one does not set them.")
    required_version: str = _setting(
        "",
        "string",
        "The versions of wdlint that these settings are for, such as `>=0.2, <1`; another one ends the run.",
    )
    select: tuple[str, ...] = _setting((), "rules", "Rules to judge by instead of the default ones.")
    extend_select: tuple[str, ...] = _setting((), "rules", "Rules to judge by besides those selected.")
    ignore: tuple[str, ...] = _setting((), "rules", "Rules to leave out.")
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = _setting(
        (), "rules by glob", "Rules to leave out in files that match a glob."
    )
    severity: tuple[tuple[str, str], ...] = _setting((), "severity by rule", "`error`, `warning` or `off`, by rule.")
    fail_on: str = _setting(
        "warning", "choice: warning error", "The lowest severity that makes a run with findings end with exit code 1."
    )
    weak_half_life: int = _setting(
        0,
        "steps",
        "Decay that halves what nothing else holds up in more steps than this is a note, and fails no run; 0: none is.",
    )
    latent: bool = _setting(False, "boolean", "Also report faults that wait behind a visible default of 0.")
    embeddings: str = _setting(
        "either",
        "choice: decay exempt either",
        "Whether embeddings ought to decay (as weights), ought not to (as special ones, WD105), or may do either.",
    )
    exclude: tuple[str, ...] = _setting(SKIPPED_FOLDERS, "strings", "Globs of files and folders to skip.")
    extend_exclude: tuple[str, ...] = _setting((), "strings", "Globs to skip besides those of `exclude`.")
    force_exclude: bool = _setting(False, "boolean", "Skip excluded files even where they are named outright.")
    respect_gitignore: bool = _setting(
        True, "boolean", "Skip what git ignores: .gitignore files, `.git/info/exclude`, the user's own file."
    )
    max_size: int = _setting(
        2_000_000, "bytes", "A larger Python file is skipped, and the run says so; of a notebook its code counts."
    )
    unsafe_fixes: bool = _setting(False, "boolean", "Let `--fix` and `--diff` apply unsafe fixes, too.")
    fixable: tuple[str, ...] = _setting((), "rules", "The only rules whose findings may be fixed.")
    unfixable: tuple[str, ...] = _setting((), "rules", "Rules whose findings are never fixed.")
    extend_safe_fixes: tuple[str, ...] = _setting((), "rules", "Rules whose unsafe fixes count as safe.")
    extend_unsafe_fixes: tuple[str, ...] = _setting((), "rules", "Rules whose safe fixes count as unsafe.")
    fix_style: str = _setting(
        "inline", "choice: inline import", "Whether a fix writes its helper into the file or imports `decay_groups`."
    )
    roots: tuple[str, ...] = _setting((), "strings", "Folders that the project's modules are imported from.")
    rule_paths: tuple[str, ...] = _setting(
        (), "strings", "Folders of rules of your own; they are run where you trust them."
    )
    baseline: str = _setting(
        "",
        "string",
        "The baseline file, by default `wdlint-baseline.json` where it is there; `--baseline` wins over it.",
    )
    output_format: str = _setting(
        "", f"choice: {' '.join(FORMATS)}", "The report's format; `--output-format` wins over it."
    )
    knowledge: Knowledge = _setting(NOTHING_MORE, "table", "What wdlint should know besides its own tables.")  # noqa: RUF009
