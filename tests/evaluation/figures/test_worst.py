"""The slices on which two masks differ most."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.figures.content import FigureContent
from brainseg_gui.evaluation.figures.style import FigureStyle
from brainseg_gui.evaluation.figures.worst import worst_figure, worst_slices
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.colours import AGREEMENT_COLOURS
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import DisplayConvention, Plane, voxel_to_pixel
from brainseg_gui.progress import run_to_end

WT, _, ET = regions()
SHAPE = (24, 28, 20)


@pytest.fixture
def case(toy_case: Any, tmp_path: Path) -> Case:
    return run_to_end(read_case(find_case(toy_case(tmp_path, shape=SHAPE, spacing=(1.0, 1.0, 2.0)))))


def _labels(case: Case, *voxels: tuple[int, int, int], value: int = 2) -> LabelMap:
    values = np.zeros(SHAPE, dtype=np.uint8)
    for voxel in voxels:
        values[voxel] = value
    return LabelMap(values, case.grid, scheme_named("brats2020"))


@pytest.fixture
def pair(case: Case) -> tuple[LabelMap, LabelMap]:
    """Slice 4: 3 missed. Slice 5: 1 found, 2 false. Slice 12: 1 missed. Slices of 2 mm."""
    found = (9, 9, 5)
    missed = [(9, 9, 4), (10, 9, 4), (11, 9, 4), (3, 3, 12)]
    return _labels(case, found, *missed), _labels(case, found, (10, 9, 5), (11, 9, 5))


def test_slices_are_ranked_by_the_voxels_of_one_mask_only(pair: tuple[LabelMap, LabelMap]) -> None:
    worst = worst_slices(*pair, WT, count=10, apart_mm=0)
    assert [(error.slice_index, error.voxels) for error in worst] == [(4, 3), (5, 2), (12, 1)]
    assert worst[1].counts.dice == pytest.approx(2 * 1 / (1 + 3))
    assert [error.slice_index for error in worst_slices(*pair, WT, count=1)] == [4]


def test_a_neighbour_of_a_worse_slice_is_passed_over(pair: tuple[LabelMap, LabelMap]) -> None:
    assert [error.slice_index for error in worst_slices(*pair, WT, apart_mm=2.5)] == [4, 12]
    assert [error.slice_index for error in worst_slices(*pair, WT, apart_mm=2.0)] == [4, 5, 12]


def test_other_planes_and_regions_are_counted_along_their_own(pair: tuple[LabelMap, LabelMap]) -> None:
    # along i: 9 holds one missed (k 4), 10 and 11 one missed and one false each, 3 one missed
    worst = worst_slices(*pair, WT, Plane.SAGITTAL, apart_mm=0)
    assert [(error.slice_index, error.voxels) for error in worst] == [(10, 2), (11, 2), (3, 1), (9, 1)]
    assert worst_slices(*pair, ET) == ()  # neither mask has any


def test_the_figure_shows_masks_above_and_where_they_differ_below(case: Case, pair: tuple[LabelMap, LabelMap]) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = worst_figure(FigureContent(case, *pair), Modality.T1CE, count=2)
    assert [axes.get_label() for axes in figure.axes] == [
        *("slice 5, Dice 0.00", "slice 13, Dice 0.00"),
        *("3 mm² differ", "1 mm² differ"),
    ]
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3] / 255.0
    row, column = voxel_to_pixel((10, 9, 4), Plane.AXIAL, case.grid, DisplayConvention.RADIOLOGICAL)
    x, y = figure.axes[2].transData.transform((column, row))
    shown = pixels[pixels.shape[0] - 1 - int(y), int(x)]
    grey = (shown - 0.75 * np.array(to_rgb(AGREEMENT_COLOURS[1]))) / 0.25
    assert np.ptp(grey) < 0.05  # the colour of what was missed, over grey
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()][-3:] == ["below:  found", "missed", "false"]


@pytest.mark.parametrize(("width_mm", "rows"), [(183.0, 2), (60.0, 4)])
def test_a_narrow_page_puts_fewer_beside_another(width_mm: float, rows: int, case: Case) -> None:
    reference = _labels(case, *((i, 9, 9) for i in (2, 8, 14, 20)))
    content = FigureContent(case, reference, _labels(case))
    figure = worst_figure(content, Modality.T1CE, plane=Plane.SAGITTAL, style=FigureStyle(width_mm=width_mm))
    assert len(figure.axes) == 8
    assert len({round(axes.get_position().y0, 3) for axes in figure.axes}) == rows
    # the words over a tile are not cut short
    assert all("…" not in axes.get_title("left") for axes in figure.axes)


def test_what_is_missing_is_a_sentence(case: Case, pair: tuple[LabelMap, LabelMap]) -> None:
    with pytest.raises(BrainsegError, match="no prediction to compare"):
        worst_figure(FigureContent(case, pair[0]), Modality.T1)
    with pytest.raises(BrainsegError, match="no reference and no prediction"):
        worst_figure(FigureContent(case), Modality.T1)
    with pytest.raises(BrainsegError, match="agree on every voxel of WT"):
        worst_figure(FigureContent(case, pair[0], pair[0]), Modality.T1)
    with pytest.raises(BrainsegError, match="21 slices cannot be shown"):
        worst_figure(FigureContent(case, *pair), Modality.T1, count=21)
