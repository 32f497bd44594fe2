"""Whether rules that come with what is linted may be run: only where the person who runs wdlint says so.

A repository's settings can name folders of rules, and a rule is code. The one who trusts a folder writes it into a list
of their own, one path a line; it holds for everything below it. Nothing in the linted folder can add to the list.
"""

from __future__ import annotations

import os
import sys


def trust_list() -> str:
    """The file that lists the folders whose rules may be run, by the custom of the platform."""
    if sys.platform == "win32":
        base = os.environ.get("APPDATA") or os.path.expanduser("~\\AppData\\Roaming")
    else:
        base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return os.path.join(base, "wdlint", "trusted-folders")


def is_trusted(folder: str) -> bool:
    """Whether a folder, or one above it, is in the user's list. A list that can't be read trusts nobody."""
    try:
        with open(trust_list(), encoding="utf-8") as file:
            lines = [line.strip() for line in file]
    except (OSError, UnicodeDecodeError):
        return False
    real = os.path.realpath(folder)
    trusted = [os.path.realpath(os.path.expanduser(line)) for line in lines if line and not line.startswith("#")]
    return any(real == one or real.startswith(one.rstrip(os.sep) + os.sep) for one in trusted if os.path.isabs(one))


def said(withheld: dict[str, tuple[str, ...]]) -> str:
    """The line that says which rules were not run, and what runs them; empty where all were.

    `withheld` holds folders of rules by the folder of the settings that name them.
    """
    if not withheld:
        return ""
    folders = [os.path.join(root, path) for root, paths in withheld.items() for path in paths]
    some = ", ".join(folders[:3]) + (f" and {len(folders) - 3} more" if len(folders) > 3 else "")
    return (
        f"rules that come with what is linted are code and were not run ({some}): --trust-rules runs them, and a folder"
        f" listed in {trust_list()} is trusted always"
    )
