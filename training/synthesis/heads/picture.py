"""A picture of a head on the networks' field: turned, warped, painted, scanned, cut off, and what is brain in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from brainseg_gui.preparation.heads.field import SHAPE, SPACING_MM, normalised
from training.synthesis.acquisition import AcquisitionPriors, scan
from training.synthesis.brain import Brain
from training.synthesis.fields import BoolArray, FloatArray, happens, smooth_noise
from training.synthesis.heads.contrast import KINDS, draw_contrast
from training.synthesis.heads.head import TISSUES, TUMOUR_PARTS, HeadTissue, Labels
from training.synthesis.heads.tumours import IN_HULL, TumourHead
from training.synthesis.warp import HeadPose, diffeomorphism, rotation, with_mass_effect

_TURN_DEG = (18.0, 12.0, 12.0)
"""Standard deviations would not do: a chin on the chest is 30 degrees."""
_SCALE = (0.86, 1.14)
_STRETCH = 0.06
_WARP_MM, _WARP_SCALE_MM = 3.0, 42.0
_OFF_MM = ((-12.0, 12.0), (-22.0, 22.0), (-55.0, 25.0))
"""Where the brain's middle lies from the field's, along R, A and S; a neck moves it up."""
_SCAN = AcquisitionPriors(
    thickness_mm=(2.5, 7.5), thick=0.6, blur_mm=(0.1, 1.2), bias=(0.02, 0.30), gamma=(0.75, 1.35),
    noise=(0.005, 0.14), slice_axes=(0.2, 0.2, 0.6),
)  # fmt: skip
_KIND_CHANCES = (0.17, 0.18, 0.18, 0.18, 0.14, 0.15)
_CUT, _ZEROED, _DEFACED, _WRAPPED = 0.55, 0.35, 0.15, 0.05
_SUBVOXELS = 8


@dataclass(frozen=True)
class HeadView:
    """A head as it lies in the field: tissue (with `IN_HULL`) at eight points of each voxel, (8, I, J, K)."""

    labels: Labels

    def mean(self, values: FloatArray) -> FloatArray:
        """Mean over a voxel's points of what a tissue has, `TISSUES` values or 256."""
        table = values if len(values) == 256 else _table(values)
        total = np.zeros(self.labels.shape[1:], np.float32)
        for points in self.labels:
            total += table[points]
        return np.asarray(total / np.float32(_SUBVOXELS))


@dataclass(frozen=True)
class HeadPicture:
    """One image of a head on the field.

    Parameters
    ----------
    image
        Normalised as for the networks.
    brain, tumour
        Share of each voxel that is brain, and tumour.
    kind
        t1, t1ce, t2, flair, other or random.
    """

    image: FloatArray
    brain: FloatArray
    tumour: FloatArray
    kind: str


def draw_pictures(rng: np.random.Generator, head: TumourHead, count: int) -> list[HeadPicture]:
    """Place a head once and take several pictures of it."""
    view = draw_view(rng, head)
    return [draw_picture(rng, view, str(rng.choice(KINDS, p=_KIND_CHANCES))) for _ in range(count)]


def draw_view(rng: np.random.Generator, head: TumourHead) -> HeadView:
    """Turn, scale, warp and shift a head; its tumour pushes what surrounds it."""
    angles = np.radians(rng.uniform(-1.0, 1.0, 3) * _TURN_DEG)
    scale = rng.uniform(*_SCALE) * (1.0 + _STRETCH * rng.uniform(-1, 1, 3))
    forward = rotation(angles) @ np.diag(scale * (rng.choice((-1.0, 1.0)), 1.0, 1.0))
    off = np.array([rng.uniform(*limits) for limits in _OFF_MM])
    inverse = np.linalg.inv(forward)
    middle = np.argwhere(head.labels[::4, ::4, ::4] >= IN_HULL).mean(axis=0) * 4.0
    warp = diffeomorphism(rng, SHAPE, _WARP_MM, _WARP_SCALE_MM, SPACING_MM)
    pose = HeadPose(inverse, middle + inverse @ off, SHAPE, warp, SPACING_MM)
    if head.push:
        everywhere = np.full(warp.shape[1:], 99.0, np.float32)
        centre = pose.target_of(head.centre)
        radius_mm, reach_mm = min(head.radius_mm, 30.0), rng.uniform(12.0, 25.0)
        pose = with_mass_effect(pose, everywhere, centre, radius_mm, 0.6 * head.push, reach_mm)
    return HeadView(_points(head.labels, pose))


def draw_picture(rng: np.random.Generator, view: HeadView, kind: str) -> HeadPicture:
    """Paint and scan a placed head."""
    truth = view.mean((np.arange(256) >= IN_HULL).astype(np.float32))
    tumour = view.mean(np.isin(np.arange(TISSUES), TUMOUR_PARTS).astype(np.float32))
    image = view.mean(draw_contrast(rng, kind))
    image *= _texture(rng, view)
    brain = Brain(np.zeros((0, *SHAPE), np.float32), truth, truth, SPACING_MM)
    noisy = replace(_SCAN, thick=0.9) if kind == "other" else _SCAN
    image = scan(rng, image, brain, brain.noise(rng, 45.0), noisy)
    seen = _seen(rng, truth)
    image = _spoilt(rng, image, truth) * seen
    return HeadPicture(normalised(image), truth * seen, tumour * seen, kind)


def _points(labels: Labels, pose: HeadPose) -> Labels:
    """Labels at eight points of each voxel: (8, I, J, K). Beside the head is air, below it the neck goes on."""
    coordinates = pose.coordinates()
    flat = coordinates.reshape(3, -1)  # (3, I, J, K) -> (3, I · J · K)
    last = np.array(labels.shape).reshape(3, 1) - 1
    values = labels.ravel()
    result = np.empty((_SUBVOXELS, flat.shape[1]), np.uint8)
    for number, corner in enumerate(np.ndindex(2, 2, 2)):
        offset = pose.matrix @ ((np.array(corner) - 0.5) * pose.spacing_mm / 2.0)
        i, j, k = np.clip(np.rint(flat + offset.reshape(3, 1).astype(np.float32)).astype(np.int32), 0, last)
        result[number] = values[(i * labels.shape[1] + j) * labels.shape[2] + k]
    return result.reshape(_SUBVOXELS, *pose.shape)  # (8, I · J · K) -> (8, I, J, K)


def _table(values: FloatArray) -> FloatArray:
    """A look-up table for labels, inside and outside of the brain alike."""
    table = np.zeros(256, np.float32)
    table[: len(values)] = values
    table[IN_HULL : IN_HULL + len(values)] = values
    return table


def _texture(rng: np.random.Generator, view: HeadView) -> FloatArray:
    """Multiplicative variation, small within the brain and large outside, fine and coarse."""
    amount = np.full(TISSUES, rng.uniform(0.02, 0.08), np.float32)
    amount[HeadTissue.SCALP : HeadTissue.NECROSIS] = rng.uniform(0.05, 0.35)
    amount[HeadTissue.NECROSIS :] = rng.uniform(0.05, 0.25)
    noise = 0.7 * smooth_noise(rng, SHAPE, 10.0 / SPACING_MM) + 0.7 * smooth_noise(rng, SHAPE, 1.4)
    return np.asarray(np.clip(1.0 + view.mean(amount) * noise, 0.1, 3.0), np.float32)


def _seen(rng: np.random.Generator, truth: FloatArray) -> FloatArray:
    """What the field of view holds: a slab along one axis, tilted a little."""
    seen = np.ones(SHAPE, np.float32)
    if not happens(rng, _CUT):
        return seen
    axis = int(rng.choice(3, p=(0.15, 0.15, 0.7)))
    position = np.arange(SHAPE[axis])
    within = np.flatnonzero(truth.any(axis=tuple({0, 1, 2} - {axis})))
    low, high = (within[0], within[-1]) if len(within) else (0, SHAPE[axis] - 1)
    most = 0.35 * (high - low) if happens(rng, 0.35) else 0.04 * (high - low)
    first = low + rng.uniform(-20.0, most)
    last = high - rng.uniform(-20.0, most)
    slab = ((position >= first) & (position <= last)).astype(np.float32)
    return seen * slab.reshape([-1 if a == axis else 1 for a in range(3)])


def _spoilt(rng: np.random.Generator, image: FloatArray, truth: FloatArray) -> FloatArray:
    """What people and scanners do to pictures: air set to 0, faces removed, the head's edge on the other side."""
    if happens(rng, _WRAPPED):
        axis = int(rng.integers(0, 2))
        shift = int(SHAPE[axis] * rng.uniform(0.75, 0.95)) * int(rng.choice((-1, 1)))
        image = image + np.float32(rng.uniform(0.1, 0.6)) * _shifted(image, shift, axis)
    if happens(rng, _DEFACED):
        image = image * ~_face(rng, truth)
    if happens(rng, _ZEROED):
        image = np.where(image > rng.uniform(0.06, 0.2), image, 0.0)
    return np.asarray(image, np.float32)


def _shifted(image: FloatArray, shift: int, axis: int) -> FloatArray:
    moved = np.zeros_like(image)
    count = image.shape[axis] - abs(shift)
    source = slice(0, count) if shift > 0 else slice(-shift, None)
    target = slice(shift, None) if shift > 0 else slice(0, count)
    index = [slice(None)] * 3
    index[axis] = target
    other = [slice(None)] * 3
    other[axis] = source
    moved[tuple(index)] = image[tuple(other)]
    return moved


def _face(rng: np.random.Generator, truth: FloatArray) -> BoolArray:
    """Everything in front of and below a tilted plane, up to a little before the brain."""
    if not truth.any():
        return np.zeros(SHAPE, bool)
    normal = np.array((rng.normal(0.0, 0.1), 1.0, -rng.uniform(0.3, 1.2)))
    normal /= np.linalg.norm(normal)
    depth = np.tensordot(normal, np.indices(SHAPE, dtype=np.float32), axes=1)
    return np.asarray(depth > depth[truth > 0.0].max() + rng.uniform(1.0, 6.0))
