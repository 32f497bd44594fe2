"""A picture of a terminal: coloured output, as ANSI escapes, to SVG.

The picture has a dark ground of its own, so that it reads the same in a light and in a dark theme. Every run of one
style is fitted to the columns that it takes (`textLength`), whatever monospaced font the viewer has. Lines that are
wider than the terminal are broken between words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

COLUMNS = 108
CELL, LINE, SIZE = 7.8, 18.5, 13  # width of a column, height of a line, size of the font
SIDE, HEAD, FOOT = 20, 46, 18
GROUND, BAR, FRAME, PLAIN = "#11161d", "#1b222c", "#39434f", "#c9d3de"
FONT = "ui-monospace, 'SF Mono', SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
COLOURS = {
    "31": "#ff7b72", "32": "#56d364", "33": "#e3b341", "34": "#79b8ff", "36": "#56d4dd", "90": "#8b98a5",
}  # fmt: skip

Run = tuple[str, str]  # text, and the style as in an escape: `1;31`

_ESCAPE = re.compile(r"\x1b\[([\d;]*)m")


def picture(command: str, output: str) -> str:
    """An SVG of a terminal in which a command has printed this output."""
    lines = [[("$ ", "90"), (command, "1")], *_lines(output.rstrip("\n"))]
    width = round(2 * SIDE + COLUMNS * CELL)
    height = round(HEAD + len(lines) * LINE + FOOT)
    body = "".join(_text(line, row) for row, line in enumerate(lines))
    lamps = "".join(f'<circle cx="{SIDE + 18 * n}" cy="15" r="5" fill="{FRAME}"/>' for n in range(3))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="{FONT}" font-size="{SIZE}" fill="{PLAIN}" role="img">\n'
        f"<title>{escape(command)}</title>\n"
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="9" fill="{GROUND}" stroke="{FRAME}"/>\n'
        f'<path d="M1 30V10a9 9 0 0 1 9-9h{width - 20}a9 9 0 0 1 9 9v20z" fill="{BAR}"/>\n{lamps}\n{body}</svg>\n'
    )


def _lines(output: str) -> Iterator[list[Run]]:
    for line in output.split("\n"):
        yield from _wrapped(_runs(line))


def _runs(line: str) -> list[Run]:
    pieces = _ESCAPE.split(line)
    styles = ["", *(("" if style == "0" else style) for style in pieces[1::2])]
    return [(text, style) for text, style in zip(pieces[::2], styles, strict=True) if text]


def _wrapped(runs: list[Run]) -> Iterator[list[Run]]:
    """A line as several that fit, broken at spaces."""
    signs = [(sign, style) for text, style in runs for sign in text]
    while len(signs) > COLUMNS:
        spaces = [n for n in range(COLUMNS // 2, COLUMNS) if signs[n][0] == " "]
        stop = spaces[-1] + 1 if spaces else COLUMNS
        yield _joined(signs[:stop])
        signs = signs[stop:]
    yield _joined(signs)


def _joined(signs: list[Run]) -> list[Run]:
    joined: list[Run] = []
    for sign, style in signs:
        if joined and joined[-1][1] == style:
            joined[-1] = (joined[-1][0] + sign, style)
        else:
            joined.append((sign, style))
    return joined


def _text(line: list[Run], row: int) -> str:
    y = HEAD + row * LINE + SIZE
    column, parts = 0, []
    for text, style in line:
        inner = text.strip(" ")
        if inner:
            x = SIDE + (column + len(text) - len(text.lstrip(" "))) * CELL
            parts.append(
                f'<text x="{x:g}" y="{y:g}" textLength="{len(inner) * CELL:g}" lengthAdjust="spacingAndGlyphs" '
                f'xml:space="preserve"{_look(style)}>{escape(inner)}</text>'
            )
        column += len(text)
    return "".join(f"{part}\n" for part in parts)


def _look(style: str) -> str:
    codes = style.split(";")
    colour = next((COLOURS[code] for code in codes if code in COLOURS), "#f0f6fc" if "1" in codes else "")
    return (f' fill="{colour}"' if colour else "") + (' font-weight="600"' if "1" in codes else "")
