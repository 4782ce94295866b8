"""A mask that lies in the air is told when it is read, wherever that is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.evaluation.masks import ChosenSchemes, read_pair
from brainseg_gui.evaluation.records.pair import Pair
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.schemes.outside import outside_doubt
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.progress import run_to_end

GRID = Grid((20, 20, 20), np.diag([2.0, 2.0, 2.0, 1.0]))  # voxels of 8 µl


def doubt(*drawn: tuple[slice, slice, slice], background: int = 0) -> str:
    """Two images: T1 shows the lower half, T2 the lower three quarters."""
    images = {}
    for modality, top in ((Modality.T1, 10), (Modality.T2, 15)):
        image = np.full(GRID.shape, background, np.int16)
        image[:, :, :top] = 300
        images[modality] = Volume(image, GRID, 1.0, 0.0, Path(f"{modality.value}.nii"))
    values = np.zeros(GRID.shape, np.uint8)
    for part in drawn:
        values[part] = 1
    return outside_doubt(LabelMap(values, GRID, scheme_named("brats2020")), images)


def test_what_any_image_shows_is_not_outside() -> None:
    assert doubt(np.s_[5:10, 5:10, 5:15]) == ""
    assert doubt() == ""
    assert doubt(np.s_[5:10, 5:10, 5:15], background=-1024) == ""


@pytest.mark.parametrize("background", [0, -1024])
def test_what_lies_in_the_air_is_measured(background: int) -> None:
    words = doubt(np.s_[0:5, 0:5, 13:17], background=background)  # 100 voxels, two of four slices in the air
    assert words.startswith("0.4 ml of the mask (50%) lie where no image shows anything")


def test_a_few_voxels_at_the_edge_are_nothing() -> None:
    assert doubt(np.s_[0:10, 0:10, 5:15], np.s_[0:2, 0:2, 15:16]) == ""  # 4 of 1004
    assert doubt(np.s_[0:2, 0:3, 15:17]) == ""  # all of it, but .096 ml


@pytest.fixture
def turned(toy_case: Any, tmp_path: Path) -> Path:
    """A case of thick slices whose mask was moved to a corner by another program."""
    case: Path = toy_case(tmp_path, spacing=(3.0, 3.0, 3.0))
    path = next(case.glob("*seg*"))
    image = nib.load(path)
    values = np.roll(np.asarray(image.dataobj), (10, 10, 10), (0, 1, 2))
    nib.save(nib.Nifti1Image(values, image.affine), path)
    return case


def test_a_case_and_a_pair_say_so(turned: Path) -> None:
    case = run_to_end(read_case(find_case(turned)))
    (said,) = [words for words in case.doubts if "no image shows anything" in words]
    assert said in case.notes
    path = next(turned.glob("*seg*"))
    pair = read_pair(Pair("Toy", path, path, turned), ChosenSchemes())
    assert [words for words in pair.doubts if "no image" in words] == [said, said]
