"""The atlas: how often each structure lies at each place of an average head, as counted over 20 people.

Its space is close to that of MNI152. It is symmetrical: each person was counted once more mirrored.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Grid

SIDES = ("left", "right")
TOP = 255
"""The level that stands for probability 1."""


@dataclass(frozen=True)
class Structure:
    """One structure of the brain.

    Parameters
    ----------
    key, title
        Short name, and name for people.
    numbers
        FreeSurfer's numbers: of the left and of the right one, or of one that has no sides.
    bright
        How bright it is where white matter is 1, on the picture that cases are laid onto.
    """

    key: str
    title: str
    numbers: tuple[tuple[int, ...], ...]
    bright: float

    @property
    def is_paired(self) -> bool:
        """Whether there is a left and a right one."""
        return len(self.numbers) == len(SIDES)


@dataclass(frozen=True, eq=False)
class Atlas:
    """Probabilities of the structures.

    Parameters
    ----------
    levels
        uint8, (structures, I, J, K), in steps of 1/255: of a paired structure, those of the right one. What is missing
        to 1 is fluid around the brain, or no brain.
    grid
        Symmetrical: its first axis runs across the midplane, x = 0.
    structures
        In the order of `levels`.
    """

    levels: NDArray[np.uint8]
    grid: Grid
    structures: tuple[Structure, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of all structures with their sides, in the order of `at`: first the left one, then the right one."""
        return tuple(name for one in self.structures for name in names_of(one))

    @cached_property
    def digest(self) -> str:
        """Of its voxels and their places, 32 hexadecimal digits: places in another atlas are other places."""
        import hashlib

        content = self.levels.tobytes() + self.grid.affine.tobytes()
        return hashlib.sha256(content).hexdigest()[:32]

    def at(self, points: NDArray[np.float64]) -> NDArray[np.float32]:
        """Probabilities at places of the atlas's space.

        Parameters
        ----------
        points
            (N, 3), RAS in mm.

        Returns
        -------
        numpy.ndarray
            (N, len(names)), float32.
        """
        from scipy.ndimage import map_coordinates

        to_voxels = np.linalg.inv(self.grid.affine)
        places, mirrored = (
            (np.asarray(side) @ to_voxels[:3, :3].T + to_voxels[:3, 3]).T for side in (points, points * (-1, 1, 1))
        )
        columns = []
        for levels, structure in zip(self.levels, self.structures, strict=True):
            sides = (mirrored, places) if structure.is_paired else (places,)
            columns += [map_coordinates(levels, where, np.float32, order=1) / np.float32(TOP) for where in sides]
        return np.stack(columns, axis=1)

    @cached_property
    def both_sides(self) -> NDArray[np.float32]:
        """Probability of each structure on whichever side, (structures, I, J, K)."""
        levels: NDArray[np.float32] = np.asarray(self.levels / np.float32(TOP), np.float32)
        paired = np.array([one.is_paired for one in self.structures])
        levels[paired] += levels[paired][:, ::-1]
        return levels

    @cached_property
    def template(self) -> NDArray[np.float32]:
        """The picture that cases are laid onto, (I, J, K): what is seen on average."""
        bright = np.array([one.bright for one in self.structures], np.float32)
        return np.asarray(np.tensordot(bright, self.both_sides, 1), np.float32)


def names_of(structure: Structure) -> tuple[str, ...]:
    """Names of a structure with its sides.

    >>> names_of(Structure("thalamus", "thalamus", ((10,), (49,)), 0.8))
    ('left thalamus', 'right thalamus')
    """
    return tuple(f"{side} {structure.title}" for side in SIDES) if structure.is_paired else (structure.title,)


@cache
def table() -> Mapping[str, Any]:
    """What ``atlas.toml`` says."""
    return tomllib.loads(files("brainseg_gui.resources").joinpath("atlas", "atlas.toml").read_text("utf-8"))


@cache
def structures() -> tuple[Structure, ...]:
    """The structures, in the order of the voxels."""
    return tuple(
        Structure(row["key"], row["title"], tuple(tuple(side) for side in row["numbers"]), row["bright"])
        for row in table()["structure"]
    )


@cache
def read_atlas() -> Atlas:
    """The atlas that comes with the program."""
    file = files("brainseg_gui.resources").joinpath("atlas", "atlas.npz")
    with file.open("rb") as stream, np.load(stream) as arrays:
        levels, affine = arrays["levels"], arrays["affine"]
    i, j, k = levels.shape[1:]
    return Atlas(levels, Grid((i, j, k), affine), structures())
