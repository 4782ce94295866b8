"""The page of a printed figure: places in inches, heading, legend and footer that fit its width, and its file."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Patch
from matplotlib.textpath import text_to_path

from brainseg_gui.errors import SaveError
from brainseg_gui.evaluation.figures.style import DOTS_PER_INCH, FigureStyle, LegendText
from brainseg_gui.evaluation.figures.tile import FILL_OPACITY, SMALL_POINTS
from brainseg_gui.imaging.colours import AGREEMENT_COLOURS
from brainseg_gui.imaging.labels import meanings
from brainseg_gui.storage.chosen_file import write_made

EDGE = 0.06  # inches around the page
GAP = 0.06  # between tiles
INK = "#1c1c1f"
FAINT_INK = "#5f6068"
TEXT_POINTS = 7.5
SUFFIXES = (".png", ".svg", ".pdf", ".tif", ".tiff")
CONVENTION_WORDS = ("Radiological convention: the patient's right is on the left", "Radiological convention")
_HEADING_POINTS = TEXT_POINTS + 1
_HEADING_LINE = 0.155  # inches
_LEGEND_LINE = 0.15
_BETWEEN = 0.2  # inches between the two ends of the heading
# of the legend, in widths of its letters
_SWATCH, _PADDING, _SPACING = 1.1, 0.5, 1.4


def text_width(text: str, points: float, *, bold: bool = False) -> float:
    """Width of a line in inches."""
    font = FontProperties(size=points, weight="bold" if bold else "normal")
    return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] / 72)


def shortened(text: str, width: float, points: float, *, bold: bool = False) -> str:
    """A line that fits a width in inches: the text, or its beginning and end around an ellipsis."""
    kept, short = len(text), text
    while text_width(short, points, bold=bold) > width and kept > 2:
        kept -= 1
        short = f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
    return short


def add_axes_at(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """A black tile without ticks or border, placed in inches from the lower left."""
    page_width, page_height = figure.get_size_inches()
    axes = figure.add_axes(
        (left / page_width, bottom / page_height, width / page_width, height / page_height),
        facecolor="black",
        xticks=[],
        yticks=[],
    )
    axes.spines[:].set_visible(False)
    return axes


def heading_height(case_id: str, subtitle: str, width: float) -> float:
    """Inches that the heading takes on a page of some width: one line, or two where both do not fit beside another."""
    return _HEADING_LINE * _heading_lines(case_id, subtitle, width) + 0.045


def _heading_lines(case_id: str, subtitle: str, width: float) -> int:
    name = text_width(case_id, _HEADING_POINTS, bold=True)
    both = min(name, width / 2) + _BETWEEN + text_width(subtitle, _HEADING_POINTS)
    return 1 if both <= width - 2 * EDGE else 2


def write_heading(figure: Figure, case_id: str, subtitle: str, left: float = EDGE) -> None:
    """Write the case's name, shortened in the middle when long, and what is shown of it, beside or below it."""
    width, height = figure.get_size_inches()
    usable = width - 2 * left
    beside = _heading_lines(case_id, subtitle, width - 2 * (left - EDGE)) == 1
    room = usable - _BETWEEN - text_width(subtitle, _HEADING_POINTS) if beside else usable
    style: dict[str, Any] = {"va": "top", "fontsize": _HEADING_POINTS}
    x, y = left / width, 1 - (EDGE + 0.02) / height
    name = shortened(case_id, room, _HEADING_POINTS, bold=True)
    figure.text(x, y, name, color=INK, fontweight="bold", parse_math=False, **style)
    if beside:
        figure.text(1 - x, y, subtitle, color=FAINT_INK, ha="right", **style)
    else:
        second = y - _HEADING_LINE / height
        figure.text(x, second, shortened(subtitle, usable, _HEADING_POINTS), color=FAINT_INK, **style)


def write_footer(figure: Figure, *texts: str) -> None:
    """Write a line at the bottom: the first of the texts that fits, or the last one shortened."""
    width, height = figure.get_size_inches()
    usable = width - 2 * EDGE
    text = next((t for t in texts if text_width(t, SMALL_POINTS) <= usable), texts[-1])
    text = shortened(text, usable, SMALL_POINTS)
    figure.text(0.5, EDGE / height, text, ha="center", va="bottom", fontsize=SMALL_POINTS, color=FAINT_INK)


class Legend:
    """What the colours of a figure mean, in as many lines as its page needs.

    Parameters
    ----------
    drawn
        Keys of the meanings that are drawn.
    masks
        What the mask that is outlined and the one that is filled are called; empty for one that is not drawn.
    agreement
        Whether found, missed and false are.
    """

    def __init__(
        self, drawn: Collection[str], masks: tuple[str, str], style: FigureStyle, width: float, *, agreement: bool
    ) -> None:
        self._width = width - 2 * EDGE
        self._handles: list[Patch] = []
        self._rows = 0
        if style.legend is LegendText.OFF or not (drawn or agreement):
            return
        named, short = (_handles(drawn, masks, style, agreement, spelt_out=spelt) for spelt in (True, False))
        if style.legend is LegendText.KEYS:
            named = short
        choices = [(handles, rows) for rows in range(1, len(named) + 1) for handles in (named, short)]
        # names in one or two lines, else the short names, in as many as they need
        self._handles, self._rows = next(c for c in choices if self._fits(*c) or c[1] == len(named))

    @property
    def height(self) -> float:
        """Inches that it takes."""
        return self._rows * _LEGEND_LINE + 0.05 * bool(self._rows)

    def write(self, figure: Figure, bottom: float) -> None:
        """Write it, its lower edge so many inches above that of the page."""
        if not self._handles:
            return
        figure.legend(
            handles=self._handles,
            loc="lower center",
            bbox_to_anchor=(0.5, bottom / figure.get_size_inches()[1]),
            ncols=-(-len(self._handles) // self._rows),
            frameon=False,
            fontsize=SMALL_POINTS,
            labelcolor=INK,
            borderpad=0.1,
            borderaxespad=0.1,
            labelspacing=0.35,
            handlelength=_SWATCH,
            handleheight=0.9,
            columnspacing=_SPACING,
            handletextpad=_PADDING,
        )

    def _fits(self, handles: Sequence[Patch], rows: int) -> bool:
        letter = SMALL_POINTS / 72
        widths = [text_width(str(h.get_label()), SMALL_POINTS) + (_SWATCH + _PADDING) * letter for h in handles]
        # matplotlib fills column after column; the first ones take what is left over
        columns = -(-len(handles) // rows)
        long, over = divmod(len(handles), columns)
        total, start = 0.0, 0
        for column in range(columns):
            stop = start + long + (column < over)
            total, start = total + max(widths[start:stop]), stop
        return total + (columns - 1) * _SPACING * letter + 0.05 <= self._width


def _handles(
    drawn: Collection[str], masks: tuple[str, str], style: FigureStyle, agreement: bool, *, spelt_out: bool
) -> list[Patch]:
    shown = [meaning for key, meaning in meanings().items() if key in drawn]
    handles = [
        Patch(facecolor=style.colours[m.key], label=f"{m.key}  {m.title}" if spelt_out else m.key) for m in shown
    ]
    outlined, filled = masks
    if filled and drawn:
        handles.append(Patch(facecolor=FAINT_INK, alpha=FILL_OPACITY, label=filled))
    if outlined and drawn:
        handles.append(Patch(facecolor="none", edgecolor=INK, linewidth=1.0, label=outlined))
    if agreement:
        words = zip(("below:  found", "missed", "false"), AGREEMENT_COLOURS, strict=True)
        handles += [Patch(facecolor=colour, label=word) for word, colour in words]
    return handles


def check_suffix(path: Path) -> str:
    """The ending of a figure's file, in lower case.

    Raises
    ------
    SaveError
        If figures are not written so.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise SaveError(
            "figures are written as PNG, SVG, PDF or TIFF, animations as GIF, APNG, WebP or MP4",
            "Give the file a name that ends in .png, .svg, .pdf or .tif; in .gif, .apng, .webp or .mp4 to animate",
            path,
        )
    return suffix


def save_figure(figure: Figure, path: Path, dots_per_inch: int = DOTS_PER_INCH) -> None:
    """Write a figure as PNG, SVG, PDF or TIFF, by the name of the file.

    Raises
    ------
    SaveError
        If the name ends otherwise, or the file cannot be written.
    """
    suffix = check_suffix(path)
    options: dict[str, Any] = {"format": suffix[1:], "dpi": dots_per_inch, "facecolor": "white"}
    if suffix.startswith(".tif"):
        options["pil_kwargs"] = {"compression": "tiff_lzw"}
    else:
        options["metadata"] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(suffix, _SOFTWARE)

    def draw(stream: BinaryIO) -> None:
        with rc_context({"pdf.fonttype": 42}):  # journals refuse the other kind of embedded fonts
            figure.savefig(stream, **options)

    write_made(path, draw)


_SOFTWARE = {"Software": "brainseg"}
