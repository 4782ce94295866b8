"""One numbering of voxels for people, the way to the file's own, and the reading of what somebody types."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.numbering import (
    VoxelNotation,
    file_words,
    position_words,
    read_voxel,
    slice_words,
    voxel_words,
)
from brainseg_gui.progress import run_to_end

ORIENTATIONS = ["".join(p) for axes in permutations(("RL", "AP", "SI")) for p in product(*axes)]


def _case(toy_case: Any, folder: Path, orientation: str = "LPS") -> Case:
    return run_to_end(read_case(find_case(toy_case(folder, orientation=orientation, spacing=(1.0, 1.5, 2.0)))))


@pytest.fixture
def case(toy_case: Any, tmp_path: Path) -> Case:
    """24×28×20 voxels of 1×1.5×2 mm, stored LPS."""
    return _case(toy_case, tmp_path)


def test_people_count_from_one(case: Case) -> None:
    assert slice_words(0) == "slice 1"
    assert voxel_words((0, 13, 19)) == "1 14 20"
    assert file_words(case.stored_grid, (0, 0, 0)) == "file 23 27 0"  # LPS: the first is the rightmost, hindmost
    assert file_words(case.stored_grid, (23, 27, 19)) == "file 0 0 19"
    assert position_words(case.grid, (0, 0, 0)) == "L 31.2 A 17.5 I 8.8 mm"


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_files_own_index_is_where_the_file_holds_the_voxel(orientation: str, toy_case: Any, tmp_path: Path) -> None:
    case = _case(toy_case, tmp_path, orientation)
    assert case.reference is not None
    assert case.source.reference is not None
    stored = np.asarray(nib.load(case.source.reference).dataobj)
    marked = [tuple(int(n) for n in voxel) for voxel in np.argwhere(case.reference.values == 1)[::7]]
    assert marked
    for voxel in [*marked, (0, 0, 0), (5, 17, 11), (23, 27, 19)]:
        index = case.stored_grid.index_of(voxel)
        assert stored[index] == case.reference.values[voxel]
        assert case.stored_grid.voxel_at(index) == voxel
        there = case.stored_grid.affine @ (*index, 1)
        assert np.allclose(there[:3], case.grid.to_world(voxel))


@pytest.mark.parametrize(
    ("text", "voxel", "reading"),
    [
        ("1 1 1", (0, 0, 0), VoxelNotation.VOXEL),
        (" 24, 28,20 ", (23, 27, 19), VoxelNotation.VOXEL),
        ("voxel 3 4 5", (2, 3, 4), VoxelNotation.VOXEL),
        ("Voxel 3 4 5", (2, 3, 4), VoxelNotation.VOXEL),
        ("file 23 27 0", (0, 0, 0), VoxelNotation.FILE_INDEX),
        ("index 0,0,19", (23, 27, 19), VoxelNotation.FILE_INDEX),
        ("L 31.2 A 17.5 I 8.8 mm", (0, 0, 0), VoxelNotation.POSITION),
        ("s -8.75, r -31.25, p -17.5", (0, 0, 0), VoxelNotation.POSITION),
        ("-31.25 17.5 \u22128.75 mm", (0, 0, 0), VoxelNotation.POSITION),
        ("-29 19.1 -6.9 mm", (2, 1, 1), VoxelNotation.POSITION),
        ("31L 19A 7I", (0, 1, 1), VoxelNotation.POSITION),
    ],
)
def test_a_place_is_read_in_every_form(
    text: str, voxel: tuple[int, int, int], reading: VoxelNotation, case: Case
) -> None:
    assert read_voxel(text, case) == (voxel, reading)


def test_what_is_shown_can_be_typed(case: Case) -> None:
    for voxel in ((0, 0, 0), (11, 5, 19), (23, 27, 0)):
        words = (voxel_words(voxel), file_words(case.stored_grid, voxel), position_words(case.grid, voxel))
        assert {read_voxel(text, case).voxel_ijk for text in words} == {voxel}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing names no place"),
        ("here", "here names no place"),
        ("1 2", "1 2 names no place"),
        ("1 2 3 4", "1 2 3 4 names no place"),
        ("0 1 1", "voxel 0 1 1 lies outside the images of 24×28×20 voxels"),
        ("25 1 1", "voxel 25 1 1 lies outside"),
        ("1.5 1 1", "numbers of voxels are whole. Write mm behind a position"),
        ("file 24 0 0", "lies outside the files of 24×28×20 voxels. A file counts from 0"),
        ("file 1 1 -1", "lies outside the files"),
        ("R 1 L 2 S 3", "names no place"),
        ("x 1 y 2 z 3", "names no place"),
        ("900 0 0 mm", "lies outside the images. They reach from L 31.2"),
        ("9" * 400 + " 1 1", "names no place"),
    ],
)
def test_what_is_no_place_is_a_sentence(text: str, words: str, case: Case) -> None:
    with pytest.raises(BrainsegError) as caught:
        read_voxel(text, case)
    assert words in f"{caught.value.what}. {caught.value.remedy}"
