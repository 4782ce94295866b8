"""The cases that are measured on: real ones beside the checkout, else generated ones of the same size."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.make_cohort import SHAPE, distance_from, nested_tumour, save_nifti, smooth_noise

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "cases" / "BraTS-GLI-00000-000"
# grey of brain, oedema, enhancing rim and core in each modality
_GREYS = {"t1n": (600, -60, 20, -160), "t1c": (560, -40, 620, -150), "t2w": (420, 330, 180, 260)}
_GREYS["t2f"] = (380, 420, 240, -60)


@dataclass(frozen=True)
class Cases:
    """Where cases come from.

    Parameters
    ----------
    folder
        A temporary folder for what is generated.
    """

    folder: Path

    @cached_property
    def one(self) -> Path:
        """A case of 240×240×155 voxels with four modalities and a mask."""
        return REAL if REAL.is_dir() else write_study(self.folder / "one", 0)

    def cohort(self, count: int, different: int = 3) -> Path:
        """A folder of generated cases; after the first few they repeat, under names of their own."""
        cohort = self.folder / f"cohort-{count}"
        made = [write_study(cohort, number) for number in range(min(different, count))]
        for number in range(len(made), count):
            original = made[number % len(made)]
            copy = cohort / f"Bench_{number:04}"
            copy.mkdir()
            for path in original.iterdir():
                shutil.copy(path, copy / path.name.replace(original.name, copy.name))
        return cohort


def write_study(cohort: Path, number: int, shape: tuple[int, int, int] = SHAPE, dtype: Any = np.int16) -> Path:
    """Write a case as BraTS does: four modalities and a mask, skull-stripped, in the box of a usual brain."""
    random = np.random.default_rng(number)
    case = cohort / f"Bench_{number:04}"
    brain = distance_from(shape, (0.5, 0.5, 0.5), (0.29, 0.37, 0.45)) < 1
    grain = smooth_noise(random, shape)
    labels = nested_tumour(shape, random.uniform(0.4, 0.6, 3), random.uniform(0.08, 0.13), grain) * brain
    save_nifti(case / f"{case.name}-seg.nii.gz", labels.astype(np.uint8))
    for name, (level, *others) in _GREYS.items():
        rough = random.integers(-12, 13, shape, dtype=np.int16)  # noise of the scanner: it costs most of the bytes
        values = (level + 60 * grain + np.array([0, others[2], others[0], others[1]])[labels] + rough).clip(1, 4000)
        save_nifti(case / f"{case.name}-{name}.nii.gz", (values * brain).astype(dtype))
    return case
