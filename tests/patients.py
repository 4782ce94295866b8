"""A patient whose lesion shrinks, grows and gets company: four visits of small volumes with known sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

_SHAPE = (56, 56, 30)
_VISITS = (("2021-01-10", 12, 0), ("2021-03-15", 8, 0), ("2021-06-01", 9, 0), ("2021-09-01", 14, 7))

_LEVELS = {"t1": (200, 120, 170, 180), "t1ce": (200, 130, 170, 420)}  # of brain, necrosis, oedema and rim


def _ball(centre: tuple[int, int, int], radius: float) -> np.ndarray[Any, Any]:
    offsets = np.indices(_SHAPE) - np.reshape(centre, (3, 1, 1, 1))
    return np.asarray((offsets**2).sum(axis=0) <= radius**2)


def write_patient(root: Path) -> Path:
    """Visits of radius 12, 8, 9 and 14 mm of one enhancing ball with a necrotic core; a second one in the last."""
    for number, (day, radius, second) in enumerate(_VISITS, start=1):
        folder = root / f"visit{number}_{day}"
        folder.mkdir(parents=True)
        values = np.zeros(_SHAPE, dtype=np.uint8)
        for label, mask in ((2, _ball((22, 22, 15), radius + 3)), (3, _ball((22, 22, 15), radius))):
            values[mask] = label
        values[_ball((22, 22, 15), radius - 4)] = 1
        if second:
            values[_ball((46, 46, 15), second)] = 3
        head = _ball((28, 28, 15), 27)
        scans = {name: np.where(head, np.take(levels, values), 0).astype(np.int16) for name, levels in _LEVELS.items()}
        for name, image in {"seg": values, **scans}.items():
            nib.save(nib.Nifti1Image(image, np.diag([-1.0, -1.0, 1.0, 1.0])), folder / f"{name}.nii.gz")
    return root
