"""A cohort of generated pairs, to measure ``brainseg evaluate`` with and to look at its report.

``python -m tests.benchmarks.make_cohort FOLDER --cases 200`` writes references with a T1ce each (BraTS-like, never a
patient), the predictions of two models, and, with ``--bad``, the files that a real cohort has too: truncated, on
another grid, with numbers that nobody knows, missing, and left over.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from scipy.ndimage import gaussian_filter, zoom

Mask = np.ndarray[Any, np.dtype[np.uint8]]
SHAPE = (240, 240, 155)
AFFINE = np.array([[-1.0, 0, 0, 0], [0, -1, 0, 239], [0, 0, 1, 0], [0, 0, 0, 1]])
_COARSE = 4
_LEVEL = 1  # of gzip: made faster, read as fast


def main() -> None:
    """Write the cohort."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--shape", type=int, nargs=3, default=SHAPE)
    parser.add_argument("--bad", action="store_true", help="spoil a few")
    arguments = parser.parse_args()
    for number in range(arguments.cases):
        write_case(arguments.folder, number, tuple(arguments.shape))
    if arguments.bad:
        spoil(arguments.folder)


def write_case(folder: Path, number: int, shape: tuple[int, ...]) -> None:
    """Write reference, T1ce and the predictions of two models of one case."""
    random = np.random.default_rng(number)
    name = f"Case_{number:04}"
    brain = distance_from(shape, (0.5, 0.5, 0.5), (0.36, 0.42, 0.44)) < 1
    noise = smooth_noise(random, shape)
    centre, radius = random.uniform(0.38, 0.62, 3), random.uniform(0.05, 0.14)
    reference = nested_tumour(shape, centre, radius, noise) * brain
    if number % 7 == 0:  # a second lesion, far from the first
        reference = np.maximum(reference, nested_tumour(shape, 1 - centre, radius / 3, noise) * brain)
    image = (110 + 40 * noise + np.array([0, -60, 20, 90])[reference]).clip(1, 255) * brain
    case = folder / "reference" / name
    save_nifti(case / f"{name}-seg.nii.gz", reference.astype(np.uint8))
    save_nifti(case / f"{name}-t1c.nii.gz", image.astype(np.uint8))
    for model, spread in (("model-a", 0.25), ("model-b", 0.18)):
        prediction = _predicted(random, shape, centre, radius, noise, spread, number) * brain
        save_nifti(folder / model / f"{name}.nii.gz", prediction.astype(np.uint8))


def _predicted(
    random: np.random.Generator,
    shape: tuple[int, ...],
    centre: Any,
    radius: float,
    noise: Any,
    spread: float,
    number: int,
) -> Mask:
    """The same tumour, a little elsewhere and of another size; sometimes with a false lesion, or nothing."""
    moved = centre + random.normal(0, 0.06 * spread, 3)
    mask = nested_tumour(
        shape, moved, radius * random.normal(1.0, 0.4 * spread), 0.8 * noise + 0.2 * smooth_noise(random, shape)
    )
    if random.uniform() < spread:
        mask = np.maximum(mask, nested_tumour(shape, random.uniform(0.35, 0.65, 3), 0.02, noise))
    return np.zeros_like(mask) if number % 67 == 13 else mask


def nested_tumour(shape: tuple[int, ...], centre: Any, radius: float, noise: Any) -> Mask:
    """Nested blobs: 2 oedema, 3 enhancing rim, 1 core; one in ten small ones has no rim."""
    distance = distance_from(shape, centre, (1, 1, 1)) + 0.35 * radius * noise
    labels = np.zeros(shape, np.uint8)
    for value, share in ((2, 1.0), (3, 0.62), (1, 0.4)):
        if value == 3 and radius < 0.02:
            continue
        labels[distance < share * radius] = value
    return labels


def smooth_noise(random: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Smooth noise of unit deviation."""
    coarse = gaussian_filter(random.standard_normal([-(-n // _COARSE) for n in shape]), 3)
    fine = zoom((coarse / coarse.std()).astype(np.float32), _COARSE, order=1)
    return fine[tuple(slice(n) for n in shape)]


def distance_from(shape: tuple[int, ...], centre: Any, radii: Any) -> Any:
    """Distance from a centre, 1 on an ellipsoid; both in shares of the shape."""
    axes = [((np.arange(n, dtype=np.float32) + 0.5) / n - c) / r for n, c, r in zip(shape, centre, radii, strict=True)]
    i, j, k = (a**2 for a in axes)
    return np.sqrt(i[:, None, None] + j[None, :, None] + k[None, None, :])


def spoil(folder: Path) -> None:
    """What every real cohort has too."""
    model = folder / "model-a"
    for path in filter(Path.exists, (model / "Case_0003.nii.gz", model / "Case_0017.nii.gz")):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    other = nib.load(model / "Case_0005.nii.gz")
    values = np.asarray(other.dataobj)
    save_nifti(model / "Case_0005.nii.gz", values[:-1])
    values = np.asarray(nib.load(model / "Case_0006.nii.gz").dataobj).copy()
    values[values == 2] = 7
    save_nifti(model / "Case_0006.nii.gz", values)
    (model / "Case_0008.nii.gz").unlink()
    (model / "Case_0002.nii.gz").rename(model / "Case_<b>&amp;_0002.nii.gz")


def save_nifti(path: Path, values: Any) -> None:
    """Write a NIfTI file, and the folder for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nib.Nifti1Image(values, AFFINE)
    with gzip.open(path, "wb", compresslevel=_LEVEL) as stream:
        stream.write(image.to_bytes())


if __name__ == "__main__":
    main()
