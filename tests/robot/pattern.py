"""The cohort of the robot, and the stroke by which each case's mask is told from all others."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import nibabel as nib
import numpy as np

SHAPE = (24, 22, 12)
SLICE, ROW, FIRST = 6, 10, 3
BITS = 8
MODALITIES = ("t1", "t1ce", "t2", "flair")

Voxel = tuple[int, int, int]


def case_name(number: int) -> str:
    """``P007``."""
    return f"P{number:03}"


def voxels_of(number: int) -> list[Voxel]:
    """The voxels that are painted on a case: its number in binary, and one that is painted always."""
    bits = [bit for bit in range(BITS) if number >> bit & 1]
    return [(FIRST + 2 * bit, ROW, SLICE) for bit in [*bits, BITS]]


def number_in(values: np.ndarray) -> int:
    """The number of the case that a mask was painted on; -1 where it is none."""
    found = {(int(i), int(j), int(k)) for i, j, k in np.argwhere(values > 0)}
    number = sum(1 << bit for bit in range(BITS) if (FIRST + 2 * bit, ROW, SLICE) in found)
    return number if found == set(voxels_of(number)) else -1


def make_cohort(folder: Path, numbers: Iterable[int]) -> None:
    """Small cases without masks; half of them in a folder of another grade, as BraTS had them."""
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    brain = np.linalg.norm(np.indices(SHAPE) - np.reshape(np.array(SHAPE) / 2, (3, 1, 1, 1)), axis=0) < 10
    for number in numbers:
        random, name = np.random.default_rng(number), case_name(number)
        case = folder / ("HGG" if number % 2 else "LGG") / name
        case.mkdir(parents=True)
        for modality in MODALITIES:
            values = np.where(brain, random.integers(200, 900, SHAPE), 0).astype(np.int16)
            nib.save(nib.Nifti1Image(values, affine), case / f"{name}_{modality}.nii.gz")


def case_folders(cohort: Path) -> dict[int, Path]:
    """Number of each case -> its folder."""
    return {int(path.name[1:]): path for path in cohort.glob("*GG/P*")}
