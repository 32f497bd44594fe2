"""`python -m wdlint` and the `wdlint` script."""

from __future__ import annotations


def main() -> None:
    from wdlint.cli import wdlint

    wdlint(prog_name="wdlint")


if __name__ == "__main__":
    main()
