"""Where a rule's page stands on the web, if the installed package says so.

The project URL called `Repository` in `pyproject.toml` is the one place that holds the project's address; there is none
yet. It gives every report and `wdlint explain` their links, to the pages as they were at this version. One called
`Rules` wins over it, where the pages stand elsewhere, too.
"""

from __future__ import annotations

from functools import cache

from wdlint.version import __version__


@cache
def _urls() -> dict[str, str]:
    """The project's addresses by their labels, in small letters."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        entries = metadata("wdlint").get_all("Project-URL") or []
    except PackageNotFoundError:
        return {}
    parts = (str(entry).partition(",") for entry in entries)
    return {label.strip().lower(): address.strip().rstrip("/") for label, _, address in parts}


def repository() -> str:
    """The address of the project's repository, or an empty text."""
    return _urls().get("repository", "")


def pages() -> str:
    """The address of the folder with the rules' pages, or an empty text."""
    of_repository = f"{repository()}/blob/v{__version__}/docs/rules" if repository() else ""
    return _urls().get("rules", of_repository)


def page_address(code: str, name: str) -> str | None:
    """The address of a rule's page. Only codes that begin with WD are wdlint's own."""
    return f"{pages()}/{name}.md" if pages() and code.startswith("WD") else None
