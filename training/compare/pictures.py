"""One picture per case: FLAIR above, T1ce below; the reference, then every method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import NETWORK_SCHEME, LabelMap
from training.compare.scores import CaseScore
from training.compare.tables import region_text
from training.pictures import COLOURS, SHOWN, AxialSection, draw, largest_section, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INCHES = 2.4
_TITLE_INCHES, _LEGEND_INCHES = 0.42, 0.24
_GREY = "#c8c8c8"


@dataclass(frozen=True, eq=False)
class Column:
    """One method on one case: its classes, (I, J, K), and their score."""

    classes: NDArray[np.uint8]
    score: CaseScore


def draw_case(case: Case, reference: LabelMap, columns: Sequence[Column], path: Path) -> None:
    """Draw the axial slice with most of the reference's tumour; without one, with most of what is claimed.

    Raises
    ------
    SaveError
        If the file cannot be written.
    """
    from matplotlib.figure import Figure

    section = _section(case, reference, columns)
    scheme = scheme_named(NETWORK_SCHEME)
    maps = [reference, *(LabelMap(column.classes, reference.grid, scheme) for column in columns)]
    texts = ["images", f"reference\n{case.case_id}", *(_title(column.score) for column in columns)]
    height = len(SHOWN) * _INCHES + _TITLE_INCHES + _LEGEND_INCHES
    figure = Figure(figsize=(_INCHES * (len(maps) + 1), height), facecolor="black", dpi=110)
    grid = figure.add_gridspec(
        len(SHOWN), len(maps) + 1, left=0, right=1, top=1 - _TITLE_INCHES / height, bottom=_LEGEND_INCHES / height,
        wspace=0.01, hspace=0.01,
    )  # fmt: skip
    for row, modality in enumerate(SHOWN):
        picture = section.picture(modality)
        for place, labels in enumerate([None, *maps]):
            axes = figure.add_subplot(grid[row, place])
            draw(axes, picture, section.masks(labels) if labels is not None else None, width=0.9)
            if row == 0:
                axes.set_title(texts[place], color=_GREY, fontsize=7, pad=3)
            if place == 0:
                axes.text(0.03, 0.03, modality.title, color=_GREY, fontsize=7, transform=axes.transAxes)
    _legend(figure, section.k, height)
    save(figure, path)


def _section(case: Case, reference: LabelMap, columns: Sequence[Column]) -> AxialSection:
    tumour = reference.values > 0
    if not tumour.any():
        tumour = np.any([column.classes > 0 for column in columns], axis=0) if columns else tumour
    return largest_section(case, tumour)


def _title(score: CaseScore) -> str:
    texts = (region_text(score, key).removesuffix(" claimed") for key in COLOURS)
    return f"{score.method}\n{' / '.join(texts)}"


def _legend(figure: Figure, k: int, height: float) -> None:
    words = [(f"slice {k + 1}", _GREY), *((f"— {key}", colour) for key, colour in COLOURS.items())]
    words.append(("numbers: Dice WT / TC / ET over the whole case, or what is claimed where there is nothing", _GREY))
    left, width = 0.1, figure.get_figwidth()  # in inches
    for text, colour in words:
        figure.text(left / width, 0.3 * _LEGEND_INCHES / height, text, color=colour, fontsize=7)
        left += 0.15 + 0.06 * len(text)
