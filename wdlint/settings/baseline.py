"""Where the baseline of a folder's settings lies."""

from __future__ import annotations

import os

from wdlint.settings.catalogue import Settings

NAME = "wdlint-baseline.json"
"""The baseline that is used by itself where it lies beside the settings."""


def baseline_of(settings: Settings) -> str:
    """The baseline that the settings name, or the one beside them; an empty string where there is none."""
    if settings.baseline:
        return os.path.join(settings.root, settings.baseline)
    beside = os.path.join(settings.root, NAME)
    return beside if os.path.isfile(beside) else ""
