"""Every n-th slice side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.figures.content import FigureContent
from brainseg_gui.evaluation.figures.montage import montage_figure
from brainseg_gui.evaluation.figures.style import FigureExtent
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.progress import run_to_end


@pytest.fixture
def content(toy_case: Any, tmp_path: Path) -> FigureContent:
    case: Case = run_to_end(read_case(find_case(toy_case(tmp_path, shape=(24, 28, 60)))))
    return FigureContent(case, case.reference)


def _numbers(figure: Any) -> list[int]:
    return [int(str(axes.get_label())) for axes in figure.axes]


def test_every_n_th_slice_of_a_range_is_shown(content: FigureContent) -> None:
    figure = montage_figure(content, Modality.T1, every=4, slices=(10, 31))
    assert _numbers(figure) == [11, 15, 19, 23, 27, 31]  # people count from 1


def test_a_montage_of_nobodys_choice_fills_its_rows(content: FigureContent) -> None:
    figure = montage_figure(content, Modality.T1)
    numbers = _numbers(figure)
    steps = set(np.diff(numbers).tolist())
    assert len(steps) == 1
    bottoms = [round(axes.get_position().y0, 4) for axes in figure.axes]
    per_row = {bottoms.count(bottom) for bottom in set(bottoms)}
    assert len(per_row) == 1
    assert len(numbers) <= 24


def test_letters_stand_on_the_first_tile_and_the_bar_on_the_last(content: FigureContent) -> None:
    figure = montage_figure(content, Modality.T1, Plane.CORONAL, every=3, slices=(8, 20))
    texts = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    assert texts[0] == ["R", "L", "S", "I", "9"]
    assert all(len(text) == 1 for text in texts[1:-1])
    assert [len(axes.lines) for axes in figure.axes] == [0] * (len(texts) - 1) + [1]


def test_the_tumour_alone_is_a_smaller_range(content: FigureContent) -> None:
    assert content.reference is not None
    occupied = np.flatnonzero(content.reference.values.any(axis=(0, 1)))
    numbers = _numbers(montage_figure(content, Modality.T1, every=1, extent=FigureExtent.TUMOUR))
    assert (numbers[0], numbers[-1]) == (occupied[0] + 1, occupied[-1] + 1)
    with pytest.raises(BrainsegError, match="no tumour to show"):
        montage_figure(FigureContent(content.case), Modality.T1, extent=FigureExtent.TUMOUR)


def test_slices_that_do_not_exist_are_a_sentence(content: FigureContent) -> None:
    with pytest.raises(BrainsegError, match="no slices 51 to 61, the volume has 60"):
        montage_figure(content, Modality.T1, slices=(50, 60))


def test_too_many_are_a_sentence(toy_case: Any, tmp_path: Path) -> None:
    case = run_to_end(read_case(find_case(toy_case(tmp_path, shape=(12, 12, 130), case_id="Long"))))
    with pytest.raises(BrainsegError, match="every 1st slice gives 130 pictures"):
        montage_figure(FigureContent(case), Modality.T1, every=1, slices=(0, 129))
