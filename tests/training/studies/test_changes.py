"""What is done to a case keeps what the program relies on: the grid, the background, the reference."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.progress import run_to_end
from training.studies.changes import CHANGES, MISSING, UNCHANGED, ImageChange, changed

BY_NAME = {change.name: change for change in CHANGES}
OF_THE_AIR = ("ripples", "noisy air")


@pytest.fixture
def toy(tmp_path: Path, toy_case: Callable[..., Path]) -> tuple[Case, LabelMap]:
    folder = toy_case(tmp_path, shape=(40, 44, 36), spacing=(4.0, 4.0, 4.0))
    case = run_to_end(read_case(find_case(folder)))
    assert case.reference is not None
    return case, case.reference


def stored(case: Case) -> dict[Modality, np.ndarray]:
    return {m: volume.intensities() for m, volume in case.volumes.items()}


def test_unchanged_is_unchanged(toy: tuple[Case, LabelMap]) -> None:
    case, reference = changed(*toy, UNCHANGED)
    for modality, image in stored(case).items():
        assert np.array_equal(image, toy[0].volumes[modality].intensities())
    assert np.array_equal(reference.values, toy[1].values)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_every_change_does_something_and_does_it_again(toy: tuple[Case, LabelMap], change: ImageChange) -> None:
    (once, reference), (again, _) = changed(*toy, change), changed(*toy, change)
    differs = False
    for modality, image in stored(once).items():
        assert image.shape == once.grid.shape
        assert np.isfinite(image).all()
        assert np.array_equal(image, again.volumes[modality].intensities())
        assert change.name in OF_THE_AIR or once.volumes[modality].background == 0.0
        differs |= not np.array_equal(image, toy[0].volumes[modality].intensities())
    assert differs
    shown = np.any([image != 0 for image in stored(once).values()], axis=0)
    assert np.array_equal(reference.values, np.where(shown, toy[1].values, 0))


@pytest.mark.parametrize("name", OF_THE_AIR)
def test_air_that_is_not_of_one_value_leaves_the_brain_as_it_is(toy: tuple[Case, LabelMap], name: str) -> None:
    case, reference = changed(*toy, BY_NAME[name])
    assert np.array_equal(reference.values, toy[1].values)
    for modality, image in stored(case).items():
        before = stored(toy[0])[modality]
        inside = before > 0
        assert np.unique(image[~inside]).size > 1000
        assert np.median(np.abs(image[~inside])) < 0.05 * np.median(before[inside])
        assert np.median(np.abs(image - before)[inside]) < 0.05 * np.median(before[inside])


def test_what_no_image_shows_leaves_the_reference(toy: tuple[Case, LabelMap]) -> None:
    low = LabelMap(np.ones_like(toy[1].values), toy[1].grid, toy[1].scheme)
    case, reference = changed(toy[0], low, BY_NAME["cut above"])
    planes = np.flatnonzero(toy[0].volumes[Modality.T1].intensities().any(axis=(0, 1)))
    assert not reference.values[:, :, planes[-1] - 5 :].any()  # six planes of 4 mm
    assert not case.volumes[Modality.T1].intensities()[:, :, planes[-1] - 5 :].any()
    _, reference = changed(toy[0], low, BY_NAME["cut FLAIR"])
    shown = toy[0].volumes[Modality.T1].intensities() != 0
    assert np.array_equal(reference.values > 0, shown)  # the others still show it


@pytest.mark.parametrize("name", ["gamma 1.4", "noise 10 %", "bias 15 %", "sparks"])
def test_a_background_that_is_not_zero_stays(toy: tuple[Case, LabelMap], name: str) -> None:
    case, reference = toy
    raised = {m: replace(v, stored=np.where(v.stored == 0, -7.0, (v.stored - 600.0) / 400.0))
              for m, v in case.volumes.items()}  # fmt: skip
    result, _ = changed(replace(case, volumes=raised), reference, BY_NAME[name])
    for modality, volume in result.volumes.items():
        assert volume.background == -7.0
        outside = case.volumes[modality].stored == 0
        assert (volume.stored[outside] == -7.0).all()


def test_strengths_are_what_the_names_say(toy: tuple[Case, LabelMap]) -> None:
    case, reference = toy
    before = stored(case)[Modality.T1]
    inside = before > 0
    bias = np.log(stored(changed(case, reference, BY_NAME["bias 30 %"])[0])[Modality.T1][inside] / before[inside])
    assert bias.std() < 0.5
    assert bias.std() > 0.1
    louder = stored(changed(case, reference, BY_NAME["gain"])[0])[Modality.T1]
    assert louder.max() == pytest.approx(30000.0)
    sparks = stored(changed(case, reference, BY_NAME["sparks"])[0])[Modality.T1]
    assert (sparks > 4 * before.max()).sum() == 40
    noise = stored(changed(case, reference, BY_NAME["noise 10 %"])[0])[Modality.T1] - before
    rim = gaussian_filter(before, 0.45) - before  # the light blur changes the image too
    assert (noise - rim)[before > 300].std() == pytest.approx(0.1 * np.median(before[inside]), rel=0.1)
    thin = stored(changed(case, reference, BY_NAME["eroded 4 mm"])[0])[Modality.T1]
    assert 0.5 < (thin > 0).sum() / inside.sum() < 0.95
    fat = stored(changed(case, reference, BY_NAME["leftovers"])[0])[Modality.T1]
    assert (fat[~inside] > 0).any()
    assert np.array_equal(fat[inside], before[inside])
    moved = stored(changed(case, reference, BY_NAME["moved 2 mm"])[0])
    assert np.array_equal(moved[Modality.T1CE], stored(case)[Modality.T1CE])


def test_numbers_with_a_slope_stay_finite(toy: tuple[Case, LabelMap]) -> None:
    case, reference = toy
    for slope, intercept in ((0.0137, -3.3), (0.1, -7.7), (1e-3, 0.02)):
        scaled = {m: replace(v, stored=(v.stored - 500).astype(np.int16), slope=slope, intercept=intercept)
                  for m, v in case.volumes.items()}  # fmt: skip
        result, _ = changed(replace(case, volumes=scaled), reference, BY_NAME["gamma 0.7"])
        assert all(np.isfinite(image).all() for image in stored(result).values())


def test_the_same_in_every_process(toy: tuple[Case, LabelMap]) -> None:
    code = (
        "import sys, zlib; from pathlib import Path; from training.studies.changes import CHANGES, changed;"
        "from brainseg_gui.imaging.cases.case_folder import find_case;"
        "from brainseg_gui.imaging.cases.read_case import read_case;"
        "from brainseg_gui.progress import run_to_end; case = run_to_end(read_case(find_case(Path(sys.argv[1]))));"
        "print([zlib.crc32(v.stored.tobytes()) for c in CHANGES for v in changed(case, case.reference, c)[0]"
        ".volumes.values()])"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code, str(toy[0].source.folder)],
            env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(told) == 1


def test_nothing_in_a_head_is_no_fault(toy: tuple[Case, LabelMap]) -> None:
    case, reference = toy
    empty = {m: replace(v, stored=np.zeros_like(v.stored)) for m, v in case.volumes.items()}
    for change in CHANGES:
        result, mask = changed(replace(case, volumes=empty), reference, change)
        assert change.name in OF_THE_AIR or not mask.values.any()
        assert all(np.isfinite(image).all() for image in stored(result).values())


def test_every_set_of_missing_modalities_is_tried_once(toy: tuple[Case, LabelMap]) -> None:
    left = set()
    for change in MISSING:
        case, reference = changed(*toy, change)
        left.add(frozenset(case.volumes))
        assert np.array_equal(reference.values, toy[1].values)
        for modality, image in stored(case).items():
            assert np.allclose(image, toy[0].volumes[modality].intensities())
            assert modality.title in change.title
    assert len(left) == len(MISSING) == 2 ** len(Modality) - 2
