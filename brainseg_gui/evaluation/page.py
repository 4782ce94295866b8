"""The page of a printed figure: places in inches, heading, legend, footer, and writing it to a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from brainseg_gui.errors import SaveError
from brainseg_gui.evaluation.report_files import write_file
from brainseg_gui.evaluation.tile import FILL_OPACITY, SMALL_POINTS
from brainseg_gui.imaging.labels import meanings

DOTS_PER_INCH = 300
EDGE = 0.06  # inches around the page
GAP = 0.06  # between tiles
INK = "#1c1c1f"
FAINT_INK = "#5f6068"
TEXT_POINTS = 7.5
_MOST_SPELT_OUT = 3  # more meanings do not fit into one line with their titles
_SUFFIXES = (".png", ".svg")


def place_axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
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


def write_heading(figure: Figure, case_id: str, subtitle: str, left: float = EDGE) -> None:
    """Write the case's name, shortened in the middle when long, and what is shown of it."""
    width, height = figure.get_size_inches()
    name = case_id if len(case_id) <= 60 else f"{case_id[:30]}…{case_id[-29:]}"
    x, y = left / width, 1 - (EDGE + 0.02) / height
    style: dict[str, Any] = {"va": "top", "fontsize": TEXT_POINTS + 1}
    figure.text(x, y, name, color=INK, fontweight="bold", parse_math=False, **style)
    figure.text(1 - x, y, subtitle, color=FAINT_INK, ha="right", **style)


def write_footer(figure: Figure, text: str) -> None:
    """Write a line at the bottom."""
    height = figure.get_size_inches()[1]
    figure.text(0.5, EDGE / height, text, ha="center", va="bottom", fontsize=SMALL_POINTS, color=FAINT_INK)


def write_legend(figure: Figure, drawn: Iterable[str], *, reference: bool, prediction: bool, bottom: float) -> None:
    """Name the colours of the meanings that were drawn, and how the two masks are told apart."""
    shown = [meaning for key, meaning in meanings().items() if key in drawn]
    spelt_out = len(shown) <= _MOST_SPELT_OUT
    handles = [Patch(facecolor=m.colour, label=f"{m.key}  {m.title}" if spelt_out else m.key) for m in shown]
    if prediction:
        handles.append(Patch(facecolor=FAINT_INK, alpha=FILL_OPACITY, label="prediction"))
    if reference:
        handles.append(Patch(facecolor="none", edgecolor=INK, linewidth=1.0, label="reference"))
    if not drawn:
        return
    figure.legend(
        handles=handles,
        loc="lower center",
        bbox_to_anchor=(0.5, bottom / figure.get_size_inches()[1]),
        ncols=len(handles),
        frameon=False,
        fontsize=SMALL_POINTS + 0.5,
        labelcolor=INK,
        handlelength=1.1,
        handleheight=0.9,
        columnspacing=1.4,
        handletextpad=0.5,
    )


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG (300 dots per inch) or SVG, by the name of the file.

    Raises
    ------
    SaveError
        If the name ends otherwise, or the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise SaveError("figures are written as PNG or SVG", "Give the file a name that ends in .png or .svg", path)
    metadata = {"Date": None} if suffix == ".svg" else {"Software": "brainseg"}
    write_file(
        path,
        lambda temporary: figure.savefig(
            temporary, format=suffix[1:], dpi=DOTS_PER_INCH, facecolor="white", metadata=metadata
        ),
    )
