"""Predicted against reference volume, one mark per case: whether a method calls too little or too much."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brainseg_gui.evaluation.records.measures import MEASURES
from training.compare.scores import REGIONS, CaseScore
from training.pictures import save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEAST_ML = 0.1  # what is less, nothing included, is drawn here, at the edge
_INCHES = 3.4
_LEGEND_INCHES = 0.35
_GREY = "#c8c8c8"
_DARK = "#606060"
_MARKS = "os^Dvp*X"
_COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#0072b2", "#8c8c8c")
_REFERENCE, _PREDICTION = MEASURES["reference_ml"], MEASURES["prediction_ml"]


def draw_volumes(scores: Sequence[CaseScore], path: Path) -> None:
    """One panel per region, logarithmic in ml, with the line on which the two are equal.

    Raises
    ------
    SaveError
        If the file cannot be written.
    """
    from matplotlib.figure import Figure

    height = _INCHES + _LEGEND_INCHES
    figure = Figure(figsize=(_INCHES * len(REGIONS), height), facecolor="black", dpi=110, layout="constrained")
    for number, key in enumerate(REGIONS):
        _panel(figure.add_subplot(1, len(REGIONS), number + 1), scores, key)
    _legend(figure)
    save(figure, path)


def _panel(axes: Any, scores: Sequence[CaseScore], key: str) -> None:
    most = 1.3 * max([LEAST_ML * 10, *(max(_volumes(score, key)) for score in scores)])
    axes.set_facecolor("black")
    axes.plot([LEAST_ML, most], [LEAST_ML, most], color=_DARK, linewidth=1)
    for number, method in enumerate(dict.fromkeys(score.method for score in scores)):
        pairs = [_volumes(score, key) for score in scores if score.method == method]
        mark, colour = _MARKS[number % len(_MARKS)], _COLOURS[number % len(_COLOURS)]
        across, up = zip(*pairs, strict=True)
        axes.scatter(across, up, s=22, marker=mark, color=colour, alpha=0.8, linewidths=0, label=method, clip_on=False)
    axes.set(xscale="log", yscale="log", xlim=(LEAST_ML, most), ylim=(LEAST_ML, most), aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
    axes.set_title(key, color=_GREY, fontsize=9)
    axes.set_xlabel(f"{_REFERENCE.title}, {_REFERENCE.unit}", color=_GREY, fontsize=8)
    axes.set_ylabel(f"{_PREDICTION.title}, {_PREDICTION.unit}", color=_GREY, fontsize=8)
    axes.tick_params(which="both", colors=_GREY, labelsize=7)
    for spine in axes.spines.values():
        spine.set_color(_DARK)


def _volumes(score: CaseScore, key: str) -> tuple[float, float]:
    numbers = score.regions[key]
    return max(numbers.reference_ml, LEAST_ML), max(numbers.prediction_ml, LEAST_ML)


def _legend(figure: Figure) -> None:
    marks, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(
        marks, names, loc="outside lower center", ncols=min(len(names), 4), fontsize=8, frameon=False, labelcolor=_GREY
    )
