"""How a place in a case is told to people, and read back.

People count voxels and slices from 1, towards the patient's right, front and top: a slice has the number that its
voxels have across it. The program and the files count from 0, a file along its stored axes. Every number of a voxel
that a person sees or types comes from here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

import numpy as np

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Grid, StoredGrid, Voxel, describe_shape

CONVENTION_WORDS = "counted from 1 towards the patient's right, front and top"
FORMS = "Write a voxel as 120 118 77, a position as L 31 A 17.5 S 4 mm, or an index of the file as file 119 117 76"

_SIDES = (("R", "L"), ("A", "P"), ("S", "I"))
_NUMBER = r"[-+\u2212]?\d{1,9}(?:\.\d+)?"  # no image is larger


class VoxelNotation(Enum):
    """How a text was read as a place."""

    VOXEL = "voxel, counted from 1"
    POSITION = "position in the scanner, mm"
    FILE_INDEX = "index of the file, counted from 0"


class NamedVoxel(NamedTuple):
    """A voxel that somebody named, and how the name was read."""

    voxel_ijk: Voxel
    reading: VoxelNotation


def number_of(index: int) -> int:
    """What people call the slice, or the voxel of a row, that the program counts from 0."""
    return index + 1


def index_of(number: int) -> int:
    """The inverse of `number_of`."""
    return number - 1


def slice_words(index: int) -> str:
    """A slice as people number it, such as ``slice 77``."""
    return f"slice {number_of(index)}"


def voxel_words(voxel_ijk: Voxel) -> str:
    """A voxel as people number it, such as ``120 118 77``."""
    return " ".join(str(number_of(index)) for index in voxel_ijk)


def position_words(grid: Grid, voxel_ijk: Voxel) -> str:
    """Where a voxel lies in the scanner, such as ``L 31.0 A 17.5 S 4.0 mm``."""
    sides = zip(grid.to_world(voxel_ijk), _SIDES, strict=True)
    return " ".join(f"{ahead if v >= 0 else back} {abs(v):.1f}" for v, (ahead, back) in sides) + " mm"


def file_words(stored: StoredGrid, voxel_ijk: Voxel) -> str:
    """Where the study's files hold a voxel, such as ``file 119 117 76``."""
    return "file " + " ".join(str(n) for n in stored.index_of(voxel_ijk))


def read_voxel(text: str, case: Case) -> NamedVoxel:
    """The voxel that a person names: by its number, by its position in mm, or by the file's own index.

    Raises
    ------
    BrainsegError
        If the text is none of these, or the place lies outside the images; the sentence says how to write one.
    """
    words = text.strip()
    numbers = re.findall(_NUMBER, words)
    if len(numbers) != 3:
        raise BrainsegError(f"{words or 'nothing'} names no place", FORMS)
    values = [float(number.replace("\u2212", "-")) for number in numbers]
    rest = re.sub(_NUMBER, " ", words).replace(",", " ").split()
    kind = rest[0].lower() if rest else ""
    if not rest or (kind == "voxel" and len(rest) == 1):
        return NamedVoxel(_voxel(words, values, case), VoxelNotation.VOXEL)
    if kind in ("file", "index"):
        return NamedVoxel(_voxel_of_file(words, values, case), VoxelNotation.FILE_INDEX)
    return NamedVoxel(_voxel_in_scanner(words, values, rest, case), VoxelNotation.POSITION)


def _whole(words: str, values: Sequence[float]) -> Voxel:
    if any(value != int(value) for value in values):
        raise BrainsegError(f"{words} is no voxel: numbers of voxels are whole", "Write mm behind a position")
    i, j, k = (int(value) for value in values)
    return i, j, k


def _voxel(words: str, values: Sequence[float], case: Case) -> Voxel:
    i, j, k = (index_of(number) for number in _whole(words, values))
    if case.grid.clip((i, j, k)) != (i, j, k):
        shape = describe_shape(case.grid.shape)
        raise BrainsegError(f"voxel {words} lies outside the images of {shape} voxels", f"They are {CONVENTION_WORDS}")
    return i, j, k


def _voxel_of_file(words: str, values: Sequence[float], case: Case) -> Voxel:
    index, stored = _whole(words, values), case.stored_grid
    if any(not 0 <= n < count for n, count in zip(index, stored.shape, strict=True)):
        shape = describe_shape(stored.shape)
        raise BrainsegError(f"{words} lies outside the files of {shape} voxels", "A file counts from 0")
    return stored.voxel_at(index)


def _voxel_in_scanner(words: str, values: Sequence[float], rest: Sequence[str], case: Case) -> Voxel:
    letters = [letter.upper() for word in rest for letter in word if word.lower() != "mm"]
    if not letters:
        world = list(values)  # right, anterior and superior, as headers have it
    elif {_axis_of(letter) for letter in letters} == {0, 1, 2} and len(letters) == 3:
        found = {_axis_of(letter): _sign_of(letter) * value for letter, value in zip(letters, values, strict=True)}
        world = [found[axis] for axis in range(3)]
    else:
        raise BrainsegError(f"{words} names no place", FORMS)
    voxel = np.linalg.solve(case.grid.affine, [*world, 1.0])[:3]
    nearest = case.grid.clip((float(voxel[0]), float(voxel[1]), float(voxel[2])))
    if np.abs(voxel - nearest).max() > 0.5 + 1e-6:
        raise BrainsegError(f"{words} lies outside the images", f"They reach {_extent_words(case.grid)}")
    return nearest


def _axis_of(letter: str) -> int:
    return next((axis for axis, sides in enumerate(_SIDES) if letter in sides), -1)


def _sign_of(letter: str) -> int:
    return 1 if letter in "RAS" else -1


def _extent_words(grid: Grid) -> str:
    i, j, k = (n - 1 for n in grid.shape)
    return f"from {position_words(grid, (0, 0, 0))} to {position_words(grid, (i, j, k))}"
