"""What is looked at during the day: cases made from the demonstration case, and masks of further raters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.case_folder import find_case

ROOT = Path(__file__).resolve().parents[2]
_GZIP_LEVEL = 1


@dataclass(frozen=True)
class Study:
    """A day's cases.

    Parameters
    ----------
    home
        The case at which everything is measured.
    cohort
        Folder of the cases that were made.
    others
        Folders of real cases, where there are any.
    raters
        Folder of masks, one for each case that was made, named after it.
    """

    home: Path
    cohort: Path
    others: tuple[Path, ...]
    raters: Path


def make_study(folder: Path, random: np.random.Generator, *, cases: int, small: bool) -> Study:
    """Write cases of different sizes into `folder`; `small` ones where the day is short."""
    demo = find_case(next(path for path in sorted((ROOT / "resources" / "demo").iterdir()) if path.is_dir()))
    strides = (3, 2, 3) if small else (1, 2, 1, 3, 2)
    for number in range(cases):
        _write_variant(demo, folder, number, strides[number % len(strides)], random)
    real = ROOT.parent / "shared" / "cases"
    others = tuple(sorted(path for path in real.iterdir() if path.is_dir())) if real.is_dir() and not small else ()
    home = folder / "cohort" / "Case_001" if small else demo.folder
    return Study(home, folder / "cohort", others, folder / "raters")


def _write_variant(demo: CaseSource, folder: Path, number: int, stride: int, random: np.random.Generator) -> None:
    """The demonstration case with other voxels: every n-th, cropped, mirrored, brighter; and a moved mask."""
    name = f"Case_{number:03}"
    crop = tuple(slice(int(low), None, stride) for low in random.integers(0, 12, 3))
    factor, side = random.uniform(0.7, 1.4), 1 if number % 3 else -1
    case = folder / "cohort" / name
    case.mkdir(parents=True)
    for modality, path in demo.modalities.items():
        _write(path, case / f"{name}_{modality.value}.nii.gz", crop, side, factor)
    if demo.reference is None:
        raise FileNotFoundError("the demonstration case has no mask")
    if number % 4:  # every fourth has no reference
        _write(demo.reference, case / f"{name}_seg.nii.gz", crop, side)
    (folder / "raters").mkdir(exist_ok=True)
    _write(demo.reference, folder / "raters" / f"{name}.nii.gz", crop, side, moved=2)


def _write(
    source: Path, target: Path, crop: tuple[slice, ...], side: int, factor: float = 1.0, *, moved: int = 0
) -> None:
    image = nib.load(source)
    values = np.roll(np.asanyarray(image.dataobj)[crop], moved, axis=0)[::side]
    if factor != 1.0:
        values = values * factor
    affine = image.affine @ np.diag([*(part.step for part in crop), 1.0])
    affine[:, 0] *= side
    kind = np.int16 if factor != 1.0 else np.uint8
    made = nib.Nifti1Image(values.astype(kind), affine)
    made.header.set_xyzt_units("mm")
    target.write_bytes(_compressed(made.to_bytes()))


def _compressed(content: bytes) -> bytes:
    import gzip

    return gzip.compress(content, _GZIP_LEVEL)
