"""Where a rule's page stands on the web, if the installed package says so.

The project URL called `Repository` in `pyproject.toml` is the one place that holds the project's address; there is none
yet. It gives every report and `wdlint explain` their links, to the pages as they were at this version. One called
`Rules` wins over it, where the pages stand elsewhere, too.
"""

from __future__ import annotations

from functools import cache

from wdlint.version import __version__


@cache
def pages() -> str:
    """The address of the folder with the rules' pages, or an empty text."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        entries = metadata("wdlint").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    addresses = {label.strip().lower(): address.strip() for label, _, address in (e.partition(",") for e in entries)}
    if "rules" in addresses:
        return str(addresses["rules"]).rstrip("/")
    repository = str(addresses.get("repository", "")).rstrip("/")
    return f"{repository}/blob/v{__version__}/docs/rules" if repository else ""


def page_address(code: str, name: str) -> str | None:
    """The address of a rule's page. Only codes that begin with WD are wdlint's own."""
    return f"{pages()}/{name}.md" if pages() and code.startswith("WD") else None
