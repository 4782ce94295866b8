"""A visit laid on another one: the same places, comparable greys, and what changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.followup.aligning.beside import change_levels, change_table, matched_windows, visit_beside
from brainseg_gui.followup.visits import time_line_of
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.imaging.window import Window, auto_window
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


def _brain(gain: float, offset: float, shining: float) -> Volume:
    """Tissue of 100 to 200 on air of 0, with a tumour, as a scanner of other units sees it."""
    values = np.zeros((40, 40, 40), dtype=np.float32)
    values[4:36, 4:36, 4:36] = 100 + 100 * np.random.default_rng(5).random((32, 32, 32))
    values[values > 0] = gain * values[values > 0] + offset
    values[10:20, 10:20, 10:20] = shining
    return Volume(values, Grid((40, 40, 40), np.eye(4)), 1.0, 0.0, Path())


def test_tissue_that_lasts_looks_alike_whatever_shines_in_one_of_them() -> None:
    now, before = _brain(1.0, 0.0, 3000.0), _brain(3.0, 50.0, 400.0)
    tumour = np.zeros((40, 40, 40), dtype=np.uint8)
    tumour[10:20, 10:20, 10:20] = 3
    window, matched = matched_windows(now, before, [tumour])
    assert window == auto_window(now)
    assert matched.level == pytest.approx(3 * window.level + 50, rel=1e-3)
    assert matched.width == pytest.approx(3 * window.width, rel=1e-3)
    # a slice that the tumour does not reach has not changed
    levels = change_levels((now.stored[:, :, 30], now, window), (before.stored[:, :, 30], before, matched))
    assert not levels[4:36, 4:36].any()


def test_images_without_spread_are_shown_by_their_automatic_windows() -> None:
    flat = Volume(np.full((20, 20, 20), 7.0, np.float32), Grid((20, 20, 20), np.eye(4)), 1.0, 0.0, Path())
    assert matched_windows(flat, flat, []) == (auto_window(flat), auto_window(flat))


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
