"""A page of HTML that stands alone: nothing in it is fetched from anywhere, and no text in it is taken for markup.

Ours, not jinja2: these functions are what its macros would be, and typed: text becomes `Html` only by being escaped,
which mypy sees where a template escapes as it runs. jinja2 costs 100 ms of processor time to import.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from brainseg_gui.errors import with_minus

# Nothing may be loaded, whatever a file's name smuggled in; styles and the few lines of script are in the page.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


class Html(str):
    """Text that is markup already. Everything else is escaped when it is put into a page."""

    __slots__ = ()


@dataclass(frozen=True)
class PageSection:
    """A part of a page, with its place in the list of contents."""

    key: str
    title: str
    body: Html


@dataclass(frozen=True)
class TableCell:
    """A cell of a table.

    Parameters
    ----------
    text
        What it shows.
    value
        What it is sorted by; None for its text.
    kind
        Empty for a number, ``text``, ``id`` (text that may be cut) or ``words`` (text that wraps).
    """

    text: str
    value: float | None = None
    kind: str = ""


def joined(parts: Iterable[str]) -> Html:
    """Parts one after the other; text that is not `Html` is escaped."""
    return Html("\n".join(safe(part) for part in parts))


def safe(text: str) -> Html:
    """Text as it may stand in a page, also between quotation marks."""
    return text if isinstance(text, Html) else Html(escape(text))


def element(name: str, content: str, **attributes: str) -> Html:
    """An element around text or markup; ``class_`` is ``class``."""
    words = "".join(f' {key.rstrip("_").replace("_", "-")}="{safe(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{words}>{safe(content)}</{name}>")


def paragraph(text: str, class_: str = "") -> Html:
    """A paragraph."""
    return element("p", text, class_=class_) if class_ else element("p", text)


def number_cell(value: float, places: int = 3) -> TableCell:
    """A number to so many places; empty when it is not defined."""
    return TableCell("" if math.isnan(value) else with_minus(f"{value:.{places}f}"), value)


def text_cell(text: str, kind: str = "text") -> TableCell:
    """A cell of words."""
    return TableCell(text, kind=kind)


def table(
    heads: Sequence[TableCell | str],
    rows: Iterable[Sequence[TableCell]],
    *,
    caption: str = "",
    sortable: bool = False,
    tall: bool = False,
) -> Html:
    """A table; numbers stand to the right.

    Parameters
    ----------
    sortable
        Whether a click on a heading sorts it.
    tall
        Whether it scrolls in a frame of its own, with its headings in sight.
    """
    head = "".join(_head(cell) for cell in heads)
    body = "\n".join(_rows(list(rows), grouped=not sortable))
    title = element("caption", caption) if caption else ""
    kind = ' class="sortable"' if sortable else ""
    frame = "scroll tall" if tall else "scroll"
    tabbed = ' tabindex="0"' if tall else ""
    return Html(
        f'<div class="{frame}"{tabbed}><table{kind}>{title}<thead><tr>{head}</tr></thead>'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _rows(rows: Sequence[Sequence[TableCell]], *, grouped: bool) -> Iterator[str]:
    """Rows; where they are not sorted, a line parts those that begin with another word."""
    before = ""
    for row in rows:
        first = row[0].text
        kind = ' class="group"' if grouped and before and row[0].kind and first != before else ""
        before = first
        yield f"<tr{kind}>{''.join(_cell(cell) for cell in row)}</tr>"


def _head(cell: TableCell | str) -> str:
    made = cell if isinstance(cell, TableCell) else TableCell(cell)
    kind = ' class="text"' if made.kind else ""
    return f'<th scope="col"{kind}>{safe(made.text)}</th>'


def _cell(cell: TableCell) -> str:
    kind = {"": "", "text": ' class="text"', "id": ' class="text id"', "words": ' class="words"'}[cell.kind]
    title = f' title="{safe(cell.text)}"' if cell.kind == "id" else ""
    value = "" if cell.value is None or math.isnan(cell.value) else f' data-value="{cell.value:.6g}"'
    return f"<td{kind}{title}{value}>{safe(cell.text)}</td>"


def picture(png: bytes, alternative: str, caption: str) -> Html:
    """A picture that is part of the page."""
    data = base64.b64encode(png).decode("ascii")
    image = f'<img src="data:image/png;base64,{data}" alt="{safe(alternative)}">'
    return Html(f"<figure>{image}<figcaption>{safe(caption)}</figcaption></figure>")


def page(title: str, lead: str, sections: Sequence[PageSection], footer: str) -> str:
    """The whole page."""
    resources = files("brainseg_gui.resources").joinpath("report")
    style, script = (resources.joinpath(name).read_text("utf-8") for name in ("page.css", "page.js"))
    contents = "\n".join(f'<a href="#{part.key}">{safe(part.title)}</a>' for part in sections)
    body = "\n".join(
        f'<section id="{part.key}"><h2>{safe(part.title)}</h2>\n{part.body}</section>' for part in sections
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="brainseg">
<title>{safe(title)}</title>
<style>
{style}</style>
</head>
<body>
<div class="layout">
<nav aria-label="Contents"><b>Contents</b>
{contents}
</nav>
<main>
<h1>{safe(title)}</h1>
<p class="lead">{safe(lead)}</p>
{body}
<footer>{safe(footer)}</footer>
</main>
</div>
<script>
{script}</script>
</body>
</html>
"""
