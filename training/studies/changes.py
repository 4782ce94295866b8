"""What differs from scanner to scanner and from archive to archive, done to a case that is at hand.

A method that was good on a case ought to stay as good when the same patient comes with another gain, coil, slice
thickness, skull stripper or field of view. Every change is strong but seen in practice; none moves the tumour on
T1ce, so that the reference stays right.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from training.synthesis.acquisition import RESAMPLING_VOXELS, slice_matrices
from training.synthesis.fields import round_noise

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
_SUPERIOR = 2
_FWHM = 2.355  # full width at half maximum of a Gaussian, in standard deviations
_BLUR_LEAVES = 0.64  # of the noise's standard deviation
_THERE_AND_BACK = 0.5  # voxels


@dataclass(frozen=True, eq=False)
class Scans:
    """The images of a case while they are changed.

    Parameters
    ----------
    images
        Intensities above the darkest one, so that none is negative, (I, J, K) in RAS order.
    shown
        The part of the grid that each image shows; the rest is background.
    spacing_mm
        Of the grid.
    """

    images: Mapping[Modality, FloatArray]
    shown: Mapping[Modality, BoolArray]
    spacing_mm: tuple[float, float, float]

    @property
    def head(self) -> BoolArray:
        """What at least one image shows, and what that encloses."""
        return np.asarray(ndimage.binary_fill_holes(np.any(list(self.shown.values()), axis=0)))


Act = Callable[[Scans, np.random.Generator], Scans]


@dataclass(frozen=True)
class ImageChange:
    """One change.

    Parameters
    ----------
    name, title
        In tables, and what happens.
    act
        What does it.
    missing
        Images that are gone after it.
    """

    name: str
    title: str
    act: Act
    missing: tuple[Modality, ...] = ()


def _of_each(work: Callable[[FloatArray, BoolArray, np.random.Generator], FloatArray]) -> Act:
    """A change of image after image; `work` gets all of an image, where it is shown, and the random numbers."""

    def act(scans: Scans, rng: np.random.Generator) -> Scans:
        images = {m: work(image, scans.shown[m], rng) for m, image in scans.images.items()}
        return replace(scans, images=images)

    return act


def _gain(image: FloatArray, shown: BoolArray, _rng: np.random.Generator, *, largest: float) -> FloatArray:
    brightest = float(image[shown].max(initial=0.0))
    return np.asarray(image * np.float32(largest / max(brightest, 1e-6)), np.float32)


def _gamma(image: FloatArray, shown: BoolArray, _rng: np.random.Generator, *, exponent: float) -> FloatArray:
    bright = np.float32(max(float(np.percentile(image[shown], 99.5)) if shown.any() else 0.0, 1e-6))
    return np.asarray(bright * (image / bright) ** np.float32(exponent), np.float32)


def _noise(image: FloatArray, shown: BoolArray, rng: np.random.Generator, *, share: float) -> FloatArray:
    """Rician, of so much of the median intensity after a light blur."""
    sigma = np.float32(share / _BLUR_LEAVES * float(np.median(image[shown])) if shown.any() else 0.0)
    real, imaginary = (sigma * rng.standard_normal(image.shape, dtype=np.float32) for _ in range(2))
    return np.asarray(ndimage.gaussian_filter(np.hypot(image + real, imaginary), RESAMPLING_VOXELS), np.float32)


def _sparks(image: FloatArray, shown: BoolArray, rng: np.random.Generator, *, count: int) -> FloatArray:
    """Single voxels far brighter than everything else."""
    result = image.copy()
    places = np.argwhere(shown)
    if len(places):
        where = rng.choice(places, min(count, len(places)), replace=False)
        result[tuple(where.T)] = 8.0 * float(image[shown].max())
    return result


def _bias(scans: Scans, rng: np.random.Generator, *, strength: float) -> Scans:
    scale = 35.0 / float(np.mean(scans.spacing_mm))
    images = {}
    for modality, image in scans.images.items():
        images[modality] = image * np.exp(np.float32(strength) * round_noise(rng, _shape(image), scale))
    return replace(scans, images=images)


def _blur(scans: Scans, _rng: np.random.Generator, *, width_mm: float) -> Scans:
    sigma = [width_mm / _FWHM / spacing for spacing in scans.spacing_mm]
    return replace(scans, images={m: ndimage.gaussian_filter(image, sigma) for m, image in scans.images.items()})


def _thick(scans: Scans, rng: np.random.Generator, *, thickness_mm: float) -> Scans:
    """Axial slices, of all but T1ce, which is often a volume scan where the others are not."""
    thickness = thickness_mm / scans.spacing_mm[_SUPERIOR]
    images = dict(scans.images)
    for modality in [m for m in images if m is not Modality.T1CE]:
        down, up = slice_matrices(images[modality].shape[_SUPERIOR], max(thickness, 1.0), rng.uniform())
        images[modality] = np.asarray(images[modality] @ (up @ down).T, np.float32)
    return replace(scans, images=images)


def _moved(scans: Scans, rng: np.random.Generator, *, distance_mm: float) -> Scans:
    """Every image but T1ce lies aside in a direction of its own."""
    images, shown = dict(scans.images), dict(scans.shown)
    for modality in [m for m in images if m is not Modality.T1CE]:
        way = rng.standard_normal(3)
        offset = distance_mm * way / np.linalg.norm(way) / scans.spacing_mm
        images[modality] = ndimage.shift(images[modality], offset, order=1, output=np.float32)
        shown[modality] = ndimage.shift(shown[modality].astype(np.float32), offset, order=1) > 0.5
    return replace(scans, images=images, shown=shown)


def _ripples(scans: Scans, _rng: np.random.Generator) -> Scans:
    """Moved by cubic splines, there and back: tissue stays where it is, the air gets many values."""
    images = {}
    for modality, image in scans.images.items():
        there = ndimage.shift(image, _THERE_AND_BACK, order=3, mode="nearest", output=np.float32)
        images[modality] = ndimage.shift(there, -_THERE_AND_BACK, order=3, mode="nearest", output=np.float32)
    return _with_air(scans, images)


def _noisy_air(scans: Scans, rng: np.random.Generator, *, share: float) -> Scans:
    """Noise around the brain, of so much of its median intensity."""
    images = {}
    for modality, image in scans.images.items():
        shown = scans.shown[modality]
        sigma = np.float32(share * float(np.median(image[shown])) if shown.any() else 0.0)
        noise = np.hypot(*(sigma * rng.standard_normal((2, *image.shape), dtype=np.float32)))
        images[modality] = np.where(shown, image, image + noise)
    return _with_air(scans, images)


def _with_air(scans: Scans, images: Mapping[Modality, FloatArray]) -> Scans:
    """Images that bring their own air; the reference stays whole."""
    return replace(scans, images=images, shown={m: np.ones(image.shape, bool) for m, image in images.items()})


def _cut(scans: Scans, _rng: np.random.Generator, *, below_mm: float, above_mm: float,
         only: tuple[Modality, ...] = tuple(Modality)) -> Scans:  # fmt: skip
    """Slabs of the head are missing below and above."""
    planes = np.flatnonzero(scans.head.any(axis=(0, 1)))
    if not planes.size:
        return scans
    below, above = (round(depth / scans.spacing_mm[_SUPERIOR]) for depth in (below_mm, above_mm))
    kept = np.zeros(scans.head.shape[_SUPERIOR], bool)
    kept[planes[0] + below : max(planes[-1] + 1 - above, 0)] = True
    return replace(scans, shown={m: shown & kept if m in only else shown for m, shown in scans.shown.items()})


def _eroded(scans: Scans, _rng: np.random.Generator, *, depth_mm: float) -> Scans:
    """A skull stripper that takes the outer rim of the brain too."""
    inner = ndimage.distance_transform_edt(scans.head, scans.spacing_mm) > depth_mm
    return replace(scans, shown={m: shown & inner for m, shown in scans.shown.items()})


def _leftovers(scans: Scans, rng: np.random.Generator, *, thickness_mm: float) -> Scans:
    """A skull stripper that leaves bits of skull and scalp, of another brightness on each image."""
    head = scans.head
    if not head.any():
        return scans
    near = ndimage.distance_transform_edt(~head, scans.spacing_mm) <= thickness_mm
    place = round_noise(rng, _shape(head), 14.0 / float(np.mean(scans.spacing_mm))) > 1.0
    bits = near & ~head & place
    images, shown = {}, {}
    for modality, image in scans.images.items():
        typical = float(np.median(image[scans.shown[modality]])) if scans.shown[modality].any() else 0.0
        images[modality] = np.where(bits, np.float32(typical * rng.uniform(0.4, 2.2)), image)
        shown[modality] = scans.shown[modality] | bits
    return replace(scans, images=images, shown=shown)


def _shape(volume: npt.NDArray[np.float32] | BoolArray) -> tuple[int, int, int]:
    i, j, k = volume.shape
    return i, j, k


def _unchanged(scans: Scans, _rng: np.random.Generator) -> Scans:
    return scans


UNCHANGED = ImageChange("unchanged", "as it is", _unchanged)
CHANGES = (
    ImageChange("gain", "intensities up to 30,000", _of_each(partial(_gain, largest=30000.0))),
    ImageChange("gamma 0.7", "darker parts brighter", _of_each(partial(_gamma, exponent=0.7))),
    ImageChange("gamma 1.4", "darker parts darker", _of_each(partial(_gamma, exponent=1.4))),
    ImageChange("bias 15 %", "smooth shading, another on each image", partial(_bias, strength=0.15)),
    ImageChange("bias 30 %", "the same, twice as strong", partial(_bias, strength=0.30)),
    ImageChange("noise 10 %", "Rician noise of the median intensity", _of_each(partial(_noise, share=0.10))),
    ImageChange("noise 20 %", "the same, twice as strong", _of_each(partial(_noise, share=0.20))),
    ImageChange("sparks", "40 voxels eight times as bright as the rest", _of_each(partial(_sparks, count=40))),
    ImageChange("blur 3 mm", "soft images, full width at half maximum", partial(_blur, width_mm=3.0)),
    ImageChange("slices 5 mm", "axial slices of all but T1ce", partial(_thick, thickness_mm=5.0)),
    ImageChange("slices 7 mm", "the same, thicker", partial(_thick, thickness_mm=7.0)),
    ImageChange("moved 2 mm", "all but T1ce beside their place", partial(_moved, distance_mm=2.0)),
    ImageChange("eroded 4 mm", "the brain's rim stripped with the skull", partial(_eroded, depth_mm=4.0)),
    ImageChange("leftovers", "bits of skull, 6 mm thick", partial(_leftovers, thickness_mm=6.0)),
    ImageChange("ripples", "moved by cubic splines after stripping", _ripples),
    ImageChange("noisy air", "noise of 1 % around the brain", partial(_noisy_air, share=0.01)),
    ImageChange("cut above", "the upper 25 mm missing", partial(_cut, below_mm=0.0, above_mm=25.0)),
    ImageChange("cut below", "the lower 40 mm missing", partial(_cut, below_mm=40.0, above_mm=0.0)),
    ImageChange("cut FLAIR", "30 mm below and 15 mm above missing on FLAIR alone",
           partial(_cut, below_mm=30.0, above_mm=15.0, only=(Modality.FLAIR,))),
)  # fmt: skip


def _without(scans: Scans, _rng: np.random.Generator, missing: Sequence[Modality]) -> Scans:
    left = [modality for modality in scans.images if modality not in missing]
    return replace(scans, images={m: scans.images[m] for m in left}, shown={m: scans.shown[m] for m in left})


def _missing(count: int) -> Iterator[ImageChange]:
    """Every way to lack so many of the modalities."""
    for missing in itertools.combinations(Modality, count):
        names = " and ".join(modality.title for modality in missing)
        left = ", ".join(modality.title for modality in Modality if modality not in missing)
        yield ImageChange(f"no {names}", f"{left} alone", partial(_without, missing=missing), missing)


MISSING = tuple(itertools.chain.from_iterable(_missing(count) for count in range(1, len(Modality))))
CHANGE_SETS = {"scans": CHANGES, "missing": MISSING}


def changed(case: Case, reference: LabelMap, change: ImageChange) -> tuple[Case, LabelMap]:
    """A case after a change; the same case and change give the same voxels.

    Returns
    -------
    tuple of Case and LabelMap
        Images as float32 whose background is what it was, unless that is what changes; and the reference without
        what no image shows any more.
    """
    if change is UNCHANGED:
        return replace(case, reference=None), reference
    rng = np.random.default_rng(zlib.crc32(f"{case.case_id} {change.name}".encode()))
    images = {m: volume.intensities() for m, volume in case.volumes.items()}
    lowest = {m: image.min() for m, image in images.items()}
    scans = change.act(
        Scans(
            {m: image - lowest[m] for m, image in images.items()},
            {m: np.asarray(volume.stored != volume.background) for m, volume in case.volumes.items()},
            case.grid.spacing_mm,
        ),
        rng,
    )
    volumes = {m: _stored(case.volumes[m], scans, m, lowest[m]) for m in scans.images}
    values = np.where(scans.head, reference.values, np.uint8(0))
    return replace(case, volumes=volumes, reference=None), replace(reference, values=values)


def _stored(volume: Volume, scans: Scans, modality: Modality, lowest: np.float32) -> Volume:
    background = np.float32(volume.scaled(volume.background))
    stored = np.where(scans.shown[modality], scans.images[modality] + lowest, background)
    stored.flags.writeable = False
    return Volume(stored, volume.grid, 1.0, 0.0, volume.path)
