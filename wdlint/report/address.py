"""Where a rule's page stands on the web, if the installed package says so.

The address of the pages is the project URL called `Rules` in `pyproject.toml`. There is none yet; wherever wdlint is
published, that one line gives every report and `wdlint explain` its links.
"""

from __future__ import annotations

from functools import cache


@cache
def pages() -> str:
    """The address of the folder with the rules' pages, or an empty text."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        entries = metadata("wdlint").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    addresses = {label.strip().lower(): address.strip() for label, _, address in (e.partition(",") for e in entries)}
    return str(addresses.get("rules", "")).rstrip("/")


def page_address(code: str, name: str) -> str | None:
    """The address of a rule's page. Only codes that begin with WD are wdlint's own."""
    return f"{pages()}/{name}.md" if pages() and code.startswith("WD") else None
