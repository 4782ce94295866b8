"""The report of one case as PDF: pages of A4 with the same pictures, tables and definitions as the page of HTML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from brainseg_gui.evaluation.figures.page import FAINT_INK, INK, text_width
from brainseg_gui.evaluation.reports.case_content import FOOTER, CaseContent
from brainseg_gui.evaluation.reports.case_figures import case_figures
from brainseg_gui.evaluation.reports.case_tables import TextTable, facts, tables_of
from brainseg_gui.evaluation.reports.definitions import definitions
from brainseg_gui.storage.chosen_file import write_made

_PAGE = (8.27, 11.69)  # A4 upright, inches
_EDGE = 0.6
_USABLE = _PAGE[0] - 2 * _EDGE
_TEXT, _SMALL, _TITLE = 9.0, 7.5, 16.0
_LEADING = 1.4
_PICTURE_DPI = 220


def write_pdf(content: CaseContent, path: Path) -> None:
    """Write the report of a case as PDF.

    Raises
    ------
    SaveError
        If it cannot be written. The file that was there is untouched.
    """
    pages = _Pages(content)
    pages.fill()

    def draw(stream: BinaryIO) -> None:
        metadata = {"Title": content.case.case_id, "Creator": "brainseg", "Producer": "brainseg"}
        with PdfPages(stream, metadata=metadata) as pdf:
            for number, figure in enumerate(pages.figures, start=1):
                pages.write_footer(figure, number)
                pdf.savefig(figure)

    write_made(path, draw)


class _Pages:
    """Pages that are filled from the top; what does not fit goes to the next."""

    def __init__(self, content: CaseContent) -> None:
        self._content = content
        self.figures: list[Figure] = []
        self._top = 0.0  # inches above the lower edge
        self._turn()

    def fill(self) -> None:
        """Lay out everything."""
        content = self._content
        self._line(content.case.case_id, _TITLE, bold=True)
        self._line(f"By the rules of {content.rules.title}, {content.made}", _TEXT, colour=FAINT_INK)
        self._gap(0.1)
        for sentence in facts(content):
            self._words(f"{sentence}.", _SMALL)
        if content.scores is not None and content.scores.warning:
            self._words(f"{content.scores.warning}.", _SMALL)
        self._gap(0.12)
        for caption, figure in case_figures(content):
            self._picture(figure, caption)
        for text_table in tables_of(content):
            self._table(text_table)
        self._heading("Definitions")
        for term, text in definitions(content.rules):
            self._words(f"{term}. {text}", _SMALL, bold_start=len(term) + 1)
            self._gap(0.05)
        self._words("Versions. " + ", ".join(f"{n} {v}" for n, v in content.versions.items()), _SMALL)

    def write_footer(self, figure: Figure, number: int) -> None:
        """Write the last line of a page."""
        text = f"{FOOTER} Page {number} of {len(self.figures)}."
        figure.text(0.5, 0.3 / _PAGE[1], text, ha="center", fontsize=6.5, color=FAINT_INK)

    def _turn(self) -> None:
        self.figures.append(Figure(figsize=_PAGE))
        self._top = _PAGE[1] - _EDGE

    def _room(self, height: float) -> None:
        if self._top - height < _EDGE:
            self._turn()

    def _gap(self, height: float) -> None:
        self._top -= height

    def _line(self, text: str, points: float, *, bold: bool = False, colour: str = INK) -> None:
        height = points * _LEADING / 72
        self._room(height)
        self._top -= height
        self._put(_EDGE, text, points, bold=bold, colour=colour)

    def _put(
        self, left: float, text: str, points: float, *, bold: bool = False, colour: str = INK, end: bool = False
    ) -> None:
        self.figures[-1].text(
            left / _PAGE[0],
            self._top / _PAGE[1],
            text,
            fontsize=points,
            color=colour,
            fontweight="bold" if bold else "normal",
            ha="right" if end else "left",
            parse_math=False,
        )

    def _words(self, text: str, points: float, *, bold_start: int = 0) -> None:
        """Text that wraps; its first letters may be bold."""
        for number, line in enumerate(_wrapped(text, points, bold_start)):
            self._line(line if number or not bold_start else "", points)
            if number == 0 and bold_start:
                start, rest = line[:bold_start], line[bold_start:]
                self._put(_EDGE, start, points, bold=True)
                self._put(_EDGE + text_width(start + " ", points, bold=True), rest.lstrip(), points)

    def _heading(self, text: str) -> None:
        self._gap(0.16)
        self._room(1.0)  # not the last thing of a page
        self._line(text, _TEXT + 1.5, bold=True)
        self._gap(0.04)

    def _picture(self, figure: Figure, caption: str) -> None:
        canvas = FigureCanvasAgg(figure)
        figure.set_dpi(_PICTURE_DPI)
        canvas.draw()
        pixels = canvas.buffer_rgba()
        width, height = (float(size) for size in figure.get_size_inches())
        scale = min(_USABLE / width, 1.0)
        lines = _wrapped(f"{caption}.", _SMALL)
        self._room(height * scale + (len(lines) + 1) * _SMALL * _LEADING / 72)
        self._top -= height * scale
        place = (_EDGE / _PAGE[0], self._top / _PAGE[1], width * scale / _PAGE[0], height * scale / _PAGE[1])
        axes = self.figures[-1].add_axes(place)
        axes.imshow(pixels, aspect="auto", interpolation="none")
        axes.set_axis_off()
        for line in lines:
            self._line(line, _SMALL, colour=FAINT_INK)
        self._gap(0.12)

    def _table(self, text_table: TextTable) -> None:
        self._heading(text_table.title)
        if not text_table.rows:
            self._line("None.", _SMALL, colour=FAINT_INK)
            return
        columns = _columns(text_table)
        self._row(text_table.heads, text_table, columns, bold=True)
        for row in text_table.rows:
            self._row(row, text_table, columns)
        if text_table.note:
            self._gap(0.04)
            self._words(text_table.note, _SMALL)

    def _row(self, row: Sequence[str], text_table: TextTable, columns: Sequence[float], *, bold: bool = False) -> None:
        height = _SMALL * 1.65 / 72
        self._room(height)
        self._top -= height
        left = _EDGE
        for number, (text, width) in enumerate(zip(row, columns, strict=True)):
            end = number >= text_table.words
            self._put(left + width - 0.1 if end else left, text, _SMALL - 0.5, bold=bold, end=end)
            left += width
        under = (self._top - 0.03) / _PAGE[1]
        ends = [_EDGE / _PAGE[0], left / _PAGE[0]]
        self.figures[-1].add_artist(Line2D(ends, [under, under], color=INK if bold else "#d9dbe0", linewidth=0.5))


def _columns(text_table: TextTable) -> list[float]:
    """Widths of the columns, in inches, that hold their texts."""
    rows = (text_table.heads, *text_table.rows)
    widths = [
        max(text_width(row[n], _SMALL - 0.5, bold=True) for row in rows) + 0.16 for n in range(len(text_table.heads))
    ]
    total = sum(widths)
    return [width * min(1.0, _USABLE / total) for width in widths]


def _wrapped(text: str, points: float, bold_start: int = 0) -> list[str]:
    """Lines that fit the page; bold letters at the start of the first are wider."""
    space = text_width("a a", points) - text_width("aa", points)
    room = _USABLE - (text_width(text[:bold_start], points, bold=True) - text_width(text[:bold_start], points))
    lines: list[str] = []
    words: list[str] = []
    used = 0.0
    for word in text.split():
        width = text_width(word, points)
        if words and used + space + width > room:
            lines.append(" ".join(words))
            words, used, room = [], 0.0, _USABLE
        used += width + (space if words else 0.0)
        words.append(word)
    return [*lines, " ".join(words)]
