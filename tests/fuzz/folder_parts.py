"""Good case folders, to be spoilt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from tests.fuzz.nifti_bytes import labels, nifti, packed, values

Write = Callable[[Path], Path]
Read = Callable[[Path], None]
PARTS = ("t1", "t1ce", "t2", "flair")


@cache
def image(seed: int = 0) -> bytes:
    return nifti(values(seed=seed))


@cache
def mask() -> bytes:
    return packed(nifti(labels()))


def case(folder: Path, name: str = "Toy", parts: Sequence[str] = PARTS, inside: str | None = None) -> Path:
    """A case folder with a mask and a prediction."""
    place = folder / (inside or "case")
    place.mkdir()
    for number, part in enumerate(parts):
        (place / f"{name}_{part}.nii").write_bytes(image(number))
    (place / f"{name}_seg.nii.gz").write_bytes(mask())
    (place / f"{name}_pred.nii.gz").write_bytes(mask())
    return place
