"""Small cohorts on disk: a row of numbers is a mask; and what can be wrong with one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nibabel as nib
import numpy as np

# Ten voxels of 2×1×0.5 mm = 0.001 ml. WT: 7, 6, both 5; TC: 4, 3, both 3; ET: 2, 2, both 1.
REFERENCE = [0, 1, 1, 2, 2, 2, 4, 4, 0, 0]
PREDICTION = [0, 1, 4, 2, 2, 0, 4, 0, 2, 0]


def write_mask(path: Path, numbers: Sequence[int], origin_mm: float = 0.0) -> Path:
    """A mask of a row of numbers along i, somewhere in space; the other rows are empty."""
    values = np.zeros((len(numbers), 2, 2), dtype=np.uint8)
    values[:, 0, 0] = numbers
    path.parent.mkdir(parents=True, exist_ok=True)
    affine = np.diag([2.0, 1.0, 0.5, 1.0])
    affine[0, 3] = origin_mm
    nib.save(nib.Nifti1Image(values, affine), path)
    return path


def write_cohort(folder: Path, count: int, models: Sequence[str] = ("p",)) -> tuple[Path, list[Path]]:
    """References in ``r`` and predictions of each model; no two cases are alike."""
    for number in range(count):
        name = f"P{number:02}"
        write_mask(folder / "r" / f"{name}_seg.nii.gz", REFERENCE, number)
        for place, model in enumerate(models):
            row = [*PREDICTION[:8], *([2, 2] if (number + place) % 2 else [2, 0])]
            write_mask(folder / model / f"{name}_pred.nii.gz", row, number)
    return folder / "r", [folder / model for model in models]


def spoil(predictions: Path) -> None:
    """P00 is missing, P01 is cut off, P02 lies on another grid, P03 has a number that nobody knows."""
    (predictions / "P00_pred.nii.gz").unlink()
    cut = predictions / "P01_pred.nii.gz"
    cut.write_bytes(cut.read_bytes()[:60])
    write_mask(predictions / "P02_pred.nii.gz", PREDICTION[:-1], 2)
    write_mask(predictions / "P03_pred.nii.gz", [0, 1, 9, 2, 2, 0, 4, 0, 2, 0], 3)
