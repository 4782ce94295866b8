"""A visit laid on another one: the same places, comparable greys, and what changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.followup.beside import change_levels, change_table, visit_beside
from brainseg_gui.followup.visits import time_line_of
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.imaging.window import Window
from brainseg_gui.progress import run_to_end


def test_a_visit_lies_on_the_open_one_by_the_way_between_them(patient_folder: Path) -> None:
    line = time_line_of(patient_folder)
    case = run_to_end(read_case(line.visits[3].source))
    way = np.eye(4)
    way[:3, 3] = (-4.0, 0.0, 2.0)  # mm; 4 voxels to the left and 2 up
    beside = run_to_end(visit_beside(line.visits[0], 0, way, case))
    alone = run_to_end(read_case(line.visits[0].source))
    own, moved = alone.volumes[Modality.T1CE].intensities(), beside.volumes[Modality.T1CE].intensities()
    assert np.allclose(moved[:-4, :, 2:], own[4:, :, :-2])
    assert alone.reference is not None
    assert beside.labels is not None
    assert np.array_equal(beside.labels.values[:-4, :, 2:], alone.reference.values[4:, :, :-2])
    assert beside.labels.grid.same_as(case.grid)


def test_a_visit_that_lies_there_already_is_not_sampled_again(patient_folder: Path) -> None:
    line = time_line_of(patient_folder)
    case = run_to_end(read_case(line.visits[3].source))
    beside = run_to_end(visit_beside(line.visits[0], 0, np.eye(4), case))
    assert beside.volumes[Modality.T1].stored.dtype == np.int16


def test_windows_follow_the_units_of_the_other_scanner(patient_folder: Path) -> None:
    line = time_line_of(patient_folder)
    case = run_to_end(read_case(line.visits[3].source))
    beside = run_to_end(visit_beside(line.visits[0], 0, np.eye(4), case))
    beside = replace(beside, windows={Modality.T1: (Window(100.0, 200.0), Window(1000.0, 2000.0))})
    assert beside.window_of(Modality.T1, Window(50.0, 100.0)) == Window(500.0, 1000.0)


def _flat(values: list[float]) -> tuple[np.ndarray, Volume, Window]:
    stored = np.array([values], dtype=np.float32)
    return (
        stored,
        Volume(stored[..., None], Grid((1, len(values), 1), np.eye(4)), 2.0, 10.0, Path()),
        Window(60.0, 100.0),
    )


@pytest.mark.parametrize(
    ("now", "before", "sign"), [(40.0, 20.0, 1), (20.0, 40.0, -1), (20.0, 21.0, 0), (20.0, 20.0, 0)]
)
def test_a_change_is_brighter_darker_or_nothing(now: float, before: float, sign: int) -> None:
    level = int(change_levels(_flat([now]), _flat([before]))[0, 0])
    assert level == 0 if sign == 0 else np.sign(level - 128) == sign
    assert (change_table()[level, 3] > 0) == (sign != 0)


def test_the_largest_changes_keep_their_side() -> None:
    levels = change_levels(_flat([-1000.0, 1000.0]), _flat([1000.0, -1000.0]))[0]
    assert levels.tolist() == [1, 255]
