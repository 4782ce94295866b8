"""Pages of A4 that are filled from the top: text, pictures and tables of a report as PDF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from brainseg_gui.evaluation.figures.page import FAINT_INK, INK, text_width
from brainseg_gui.evaluation.reports.case_tables import TextTable
from brainseg_gui.storage.chosen_file import write_made

_PAGE = (8.27, 11.69)  # A4 upright, inches
_EDGE = 0.6
_USABLE = _PAGE[0] - 2 * _EDGE
TEXT, SMALL = 9.0, 7.5
"""Sizes of letters, in points."""
_TITLE, _CELL = 16.0, 7.0
_LEADING = 1.4
_ROW = SMALL * 1.65 / 72  # height of a table's row, inches
_LONG = 0.4  # of a page's width: a column of such texts leaves no room for others
_PICTURE_DPI = 220


class Pages:
    """Pages that are filled from the top; what does not fit goes to the next.

    Parameters
    ----------
    title
        Written large on the first, and what the file is called.
    lead
        A line below it.
    footer
        At the end of each page.
    """

    def __init__(self, title: str, lead: str, footer: str) -> None:
        self._name, self._footer = title, footer
        self._figures: list[Figure] = []
        self._top = 0.0  # inches above the lower edge
        self._turn()
        self.line(title, _TITLE, bold=True)
        self.line(lead, TEXT, colour=FAINT_INK)
        self.gap(0.1)

    def write(self, path: Path) -> None:
        """Write the pages.

        Raises
        ------
        SaveError
            If they cannot be written. The file that was there is untouched.
        """

        def draw(stream: BinaryIO) -> None:
            metadata = {"Title": self._name, "Creator": "brainseg", "Producer": "brainseg"}
            with PdfPages(stream, metadata=metadata) as pdf:
                for number, figure in enumerate(self._figures, start=1):
                    self._write_footer(figure, number)
                    pdf.savefig(figure)

        write_made(path, draw)

    def _write_footer(self, figure: Figure, number: int) -> None:
        text = f"{self._footer} Page {number} of {len(self._figures)}."
        figure.text(0.5, 0.3 / _PAGE[1], text, ha="center", fontsize=6.5, color=FAINT_INK)

    def _turn(self) -> None:
        self._figures.append(Figure(figsize=_PAGE))
        self._top = _PAGE[1] - _EDGE

    def _has_room(self, height: float) -> bool:
        return self._top - height >= _EDGE

    def _room(self, height: float) -> None:
        if not self._has_room(height):
            self._turn()

    def gap(self, height: float) -> None:
        """Leave some inches free."""
        self._top -= height

    def line(self, text: str, points: float, *, bold: bool = False, colour: str = INK) -> None:
        """One line of text."""
        height = points * _LEADING / 72
        self._room(height)
        self._top -= height
        self._put(_EDGE, text, points, bold=bold, colour=colour)

    def _put(
        self, left: float, text: str, points: float, *, bold: bool = False, colour: str = INK, end: bool = False
    ) -> None:
        self._figures[-1].text(
            left / _PAGE[0],
            self._top / _PAGE[1],
            text,
            fontsize=points,
            color=colour,
            fontweight="bold" if bold else "normal",
            ha="right" if end else "left",
            parse_math=False,
        )

    def words(self, text: str, points: float, *, bold_start: int = 0) -> None:
        """Text that wraps; its first letters may be bold."""
        for number, line in enumerate(_wrapped(text, points, bold_start)):
            self.line(line if number or not bold_start else "", points)
            if number == 0 and bold_start:
                start, rest = line[:bold_start], line[bold_start:]
                self._put(_EDGE, start, points, bold=True)
                self._put(_EDGE + text_width(start + " ", points, bold=True), rest.lstrip(), points)

    def heading(self, text: str) -> None:
        """The heading of a part."""
        self.gap(0.16)
        self._room(1.0)  # not the last thing of a page
        self.line(text, TEXT + 1.5, bold=True)
        self.gap(0.04)

    def picture(self, figure: Figure, caption: str) -> None:
        """A figure with its caption."""
        canvas = FigureCanvasAgg(figure)
        figure.set_dpi(_PICTURE_DPI)
        canvas.draw()
        pixels = canvas.buffer_rgba()
        width, height = (float(size) for size in figure.get_size_inches())
        scale = min(_USABLE / width, 1.0)
        lines = _wrapped(f"{caption}.", SMALL)
        self._room(height * scale + (len(lines) + 1) * SMALL * _LEADING / 72)
        self._top -= height * scale
        place = (_EDGE / _PAGE[0], self._top / _PAGE[1], width * scale / _PAGE[0], height * scale / _PAGE[1])
        axes = self._figures[-1].add_axes(place)
        axes.imshow(pixels, aspect="auto", interpolation="none")
        axes.set_axis_off()
        for line in lines:
            self.line(line, SMALL, colour=FAINT_INK)
        self.gap(0.12)

    def table(self, text_table: TextTable) -> None:
        """A table under its title."""
        text_table = text_table.in_print()
        self.heading(text_table.title)
        if not text_table.rows:
            self.line("None.", SMALL, colour=FAINT_INK)
            return
        columns = _columns(text_table)
        if sum(columns) > _USABLE and max(columns) > _LONG * _USABLE:
            self._prose(text_table)
        else:
            self._rows(text_table, columns)
        if text_table.note:
            self.gap(0.04)
            self.words(text_table.note, SMALL)

    def _prose(self, text_table: TextTable) -> None:
        """Rows as sentences: in columns, texts so long would be too small to be read."""
        for row in text_table.rows:
            said = [
                f"{head}: {text}" if head else text for head, text in zip(text_table.heads, row, strict=True) if text
            ]
            self.words("; ".join(said), SMALL)
            self.gap(0.04)

    def _rows(self, text_table: TextTable, columns: Sequence[float]) -> None:
        points = _CELL * min(1.0, _USABLE / sum(columns))
        columns = [width * points / _CELL for width in columns]
        self._row(text_table.heads, text_table, columns, points, bold=True)
        for row in text_table.rows:
            if not self._has_room(_ROW):  # what a column holds is said on each page
                self._turn()
                self._row(text_table.heads, text_table, columns, points, bold=True)
            self._row(row, text_table, columns, points)

    def _row(
        self, row: Sequence[str], table: TextTable, columns: Sequence[float], points: float, *, bold: bool = False
    ) -> None:
        self._room(_ROW)
        self._top -= _ROW
        left = _EDGE
        for number, (text, width) in enumerate(zip(row, columns, strict=True)):
            end = number >= table.words
            self._put(left + width - 0.1 if end else left, text, points, bold=bold, end=end)
            left += width
        under = (self._top - 0.03) / _PAGE[1]
        ends = [_EDGE / _PAGE[0], left / _PAGE[0]]
        self._figures[-1].add_artist(Line2D(ends, [under, under], color=INK if bold else "#d9dbe0", linewidth=0.5))


def _columns(text_table: TextTable) -> list[float]:
    """Widths of the columns, in inches, that hold their texts at the usual size."""
    rows = (text_table.heads, *text_table.rows)
    return [max(text_width(row[n], _CELL, bold=True) for row in rows) + 0.16 for n in range(len(text_table.heads))]


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
