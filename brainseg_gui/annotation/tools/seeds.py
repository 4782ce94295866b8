"""Growing regions from scribbles: every voxel of a box goes to the label whose scribble is nearest.

Near means along the cheapest way (geodesic distance, as in Bai and Sapiro, "Geodesic matting", IJCV 2009): a step
costs its length in mm times how little the voxels look like the label, and more where intensities jump. How a label
looks is learned from its own scribble on all modalities at once (one normal distribution per label, its covariance
drawn towards the common one where the scribble is short). Where the images are background, the answer is 0.

The distances are found by raster scans that take a whole plane at a time (Toivanen's method, plane-wise as
in Asad et al., "FastGeodis", JOSS 2022), repeated until they settle. A random walker was tried and
not taken: it took several times as long and had not converged by then.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.annotation.slab import Area, LabelChange, Mask, Slab, Values, area_of, slab_shape
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.box import box_around, grown
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.progress import Progress

Floats = NDArray[np.float32]

BACKGROUND_SEED = 255
"""Stands for "background" in an array of scribbles, where 0 means "no scribble"."""

_FAR = np.float32(1e6)
_FAR_ENOUGH = np.float32(1e3)
_ROUNDS = 4
_SETTLED_MM = 0.1
_NEIGHBOURS = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))  # 18-connected: corners cost as much again and gain nothing
_ENOUGH = 150  # scribbled voxels from which on a label's own covariance counts in full
_FLOOR = 0.02


@dataclass(frozen=True)
class SeedSettings:
    """How regions grow.

    Parameters
    ----------
    likeness
        How much it counts that a voxel looks like the label, 0 (nearness alone) to 1.
    edges
        How much jumps of intensity hold a region back; 0 not at all.
    smoothing_voxels
        Standard deviation of the Gaussian that takes the noise off first.
    """

    likeness: float = 1.0
    edges: float = 16.0
    smoothing_voxels: float = 0.7


@dataclass(frozen=True, eq=False)
class Growth:
    """What grew.

    Parameters
    ----------
    slab
        The box.
    labels
        Label of every voxel of it, 0 for background, uint8, of the slab's shape.
    probabilities
        Label -> how sure it is, 0 to 1, float32, of the slab's shape.
    """

    slab: Slab
    labels: Values
    probabilities: Mapping[int, Floats]

    def change(self, values: Values) -> LabelChange | None:
        """The proposal to take it over; the voxels that stay as they are in `values` are left out."""
        area = area_of(self.labels != values[self.slab], self.slab)
        if area is None:
            return None
        inner = tuple(slice(p.start - s.start, p.stop - s.start) for p, s in zip(area.slab, self.slab, strict=True))
        return LabelChange(area.slab, area.mask, self.labels[inner])

    def area(self, label: int) -> Area | None:
        """Where one label grew."""
        return area_of(self.labels == label, self.slab)


def box_of_seeds(seeds: Values, spacing_mm: tuple[float, float, float], margin_mm: float = 15.0) -> Slab | None:
    """The box of all scribbles with a margin; None when there is none."""
    box = box_around(seeds)
    if box is None:
        return None
    i, j, k = (int(np.ceil(margin_mm / size)) for size in spacing_mm)
    return grown(box, (i, j, k), seeds.shape)


def grow(
    volumes: Mapping[Modality, Volume], seeds: Values, slab: Slab, settings: SeedSettings | None = None
) -> Generator[Progress, None, Growth]:
    """Grow scribbled labels over a box.

    Parameters
    ----------
    volumes
        Images on the annotation's grid.
    seeds
        Scribbles on the whole grid, uint8, (I, J, K): 0 nothing, 1 to 254 labels, `BACKGROUND_SEED` background.
    slab
        The box to fill.

    Yields
    ------
    Progress
        Often enough to cancel.

    Raises
    ------
    BrainsegError
        If there are not at least two different scribbles within the box.
    """
    settings = settings or SeedSettings()
    inside = seeds[slab]
    numbers = np.flatnonzero(np.bincount(inside.ravel(), minlength=256)[1:]) + 1
    if numbers.size < 2:
        raise BrainsegError(
            "growing needs seeds of at least two kinds", "Set some in the tumour, and some of the background beside it"
        )
    yield Progress("looking at the seeds", 0.0)
    features, head = _features(volumes, slab, settings.smoothing_voxels)
    sources = np.stack([inside == number for number in numbers])
    likeness = _likeness(features, sources)
    spacing = next(iter(volumes.values())).grid.spacing_mm
    speed = np.float32(_FLOOR + 1) - np.float32(settings.likeness) * likeness
    distances = yield from _distances(sources, speed, features * np.float32(settings.edges), spacing)
    labels = np.where(numbers == BACKGROUND_SEED, 0, numbers).astype(np.uint8)
    winner = np.where(head | sources.any(axis=0), labels[distances.argmin(axis=0)], np.uint8(0))
    sure = _probabilities(distances)
    return Growth(slab, winner, {int(label): part for label, part in zip(labels, sure, strict=True)})


def _features(volumes: Mapping[Modality, Volume], slab: Slab, smoothing: float) -> tuple[Floats, Mask]:
    """Intensities on a common scale, (M, I, J, K), and where any of the images shows more than background."""
    from scipy.ndimage import gaussian_filter

    head = np.zeros(slab_shape(slab), dtype=bool)
    scaled = []
    for volume in volumes.values():
        stored = volume.stored[slab]
        here = np.asarray(stored != volume.background)
        head |= here
        low, middle, high = np.percentile(stored[here], (5, 50, 95)) if here.any() else (0.0, 0.0, 1.0)
        normal = (stored.astype(np.float32) - np.float32(middle)) * np.float32(3 / max(high - low, 1e-6))
        scaled.append(gaussian_filter(np.clip(normal, -5, 5), smoothing))
    return np.stack(scaled), head


def _likeness(features: Floats, sources: Mask) -> Floats:
    """How much each voxel looks like each label's scribble: posterior of normal distributions, (L, I, J, K)."""
    points = features.reshape(len(features), -1)
    samples = [points[:, source.ravel()].astype(np.float64) for source in sources]
    pooled = _pooled_covariance(samples)
    scores = np.stack([_log_density(points, sample, pooled) for sample in samples])
    scores -= scores.max(axis=0)
    # neighbouring voxels and modalities tell much the same, so that the evidence is not as strong as it seems
    shares = np.exp(np.float32(0.5) * scores)
    shares /= shares.sum(axis=0)
    return np.asarray(shares.reshape(sources.shape), dtype=np.float32)


def _pooled_covariance(samples: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    centred = np.concatenate([sample - sample.mean(axis=1, keepdims=True) for sample in samples], axis=1)
    channels, count = centred.shape
    return np.asarray(centred @ centred.T / max(count - len(samples), 1) + 0.02 * np.eye(channels))


def _log_density(points: Floats, sample: NDArray[np.float64], pooled: NDArray[np.float64]) -> Floats:
    count = sample.shape[1]
    own = min(count / _ENOUGH, 1.0) * 0.7
    mean = sample.mean(axis=1, keepdims=True)
    spread = (sample - mean) @ (sample - mean).T / max(count - 1, 1)
    covariance = own * spread + (1 - own) * pooled + 0.02 * np.eye(len(points))
    whitening = np.linalg.inv(np.linalg.cholesky(covariance)).astype(np.float32)
    offset = whitening @ (points - mean.astype(np.float32))
    return np.asarray(-0.5 * ((offset**2).sum(axis=0) + np.linalg.slogdet(covariance)[1]), dtype=np.float32)


def _distances(
    sources: Mask, speed: Floats, features: Floats, spacing_mm: tuple[float, float, float]
) -> Generator[Progress, None, Floats]:
    """Cheapest way from each label's scribble to every voxel, (L, I, J, K)."""
    distances = np.where(sources, np.float32(0), _FAR)
    scans = [_Scan(axis, speed, features, spacing_mm) for axis in range(3)]
    for done in range(_ROUNDS):
        before = distances
        for scan in scans:
            distances = scan.carried(distances)
            yield Progress("growing", (3 * done + scan.axis + 1) / (3 * _ROUNDS))
        moved = np.minimum(before, _FAR_ENOUGH) - np.minimum(distances, _FAR_ENOUGH)
        if float(moved.max()) < _SETTLED_MM:
            break
    return distances


class _Scan:
    """Carries distances along one axis, there and back, a plane at a time."""

    def __init__(self, axis: int, speed: Floats, features: Floats, spacing_mm: Sequence[float]) -> None:
        self.axis = axis
        others = tuple(other for other in range(3) if other != axis)
        self._order = (axis, *others)
        self._speed = self._turned(speed)
        planes = self._turned(features)
        steps_mm = spacing_mm[axis], spacing_mm[others[0]], spacing_mm[others[1]]
        self._ways = [_Way(u, v, planes, steps_mm) for u, v in _NEIGHBOURS]

    def carried(self, distances: Floats) -> Floats:
        """The distances after both scans, (L, I, J, K)."""
        turned, speed = self._turned(distances), self._speed
        count = len(turned)
        for to, origin in [(k, k - 1) for k in range(1, count)] + [(k, k + 1) for k in range(count - 2, -1, -1)]:
            for way in self._ways:
                # the same steps, walked in the other direction on the way back
                there, here = (way.there, way.here) if to > origin else (way.here, way.there)
                cost = speed[to][there] + speed[origin][here]
                cost *= way.lengths[min(to, origin)]
                cost += turned[origin][here]
                np.minimum(turned[to][there], cost, out=turned[to][there])
        # (N, L, U, V) -> (L, N, U, V) -> (L, I, J, K)
        back = (1 + self._order.index(axis) for axis in range(3))
        return np.ascontiguousarray(np.moveaxis(turned, 0, 1).transpose(0, *back))

    def _turned(self, array: Floats) -> Floats:
        """(L, I, J, K) -> (N, L, U, V) with the scanned axis first, so that each plane lies together in memory."""
        return np.ascontiguousarray(np.moveaxis(array.transpose(0, *(1 + axis for axis in self._order)), 1, 0))


class _Way:
    """All steps from one plane to the next that move by (u, v) within the plane.

    `lengths` is half the length of each step, (N - 1, U', V'): its mm, times how much the intensities jump.
    """

    def __init__(self, u: int, v: int, features: Floats, steps_mm: Sequence[float]) -> None:
        rows, columns = features.shape[2:]
        self.there = (slice(None), slice(max(0, u), min(rows, rows + u)), slice(max(0, v), min(columns, columns + v)))
        self.here = (slice(None), slice(max(0, -u), min(rows, rows - u)), slice(max(0, -v), min(columns, columns - v)))
        jump = np.float32(1) + ((features[1:][:, *self.there] - features[:-1][:, *self.here]) ** 2).sum(axis=1)
        length = float(np.sqrt(steps_mm[0] ** 2 + (u * steps_mm[1]) ** 2 + (v * steps_mm[2]) ** 2))
        self.lengths = np.sqrt(jump) * np.float32(length / 2)


def _probabilities(distances: Floats) -> Floats:
    """How sure each label is, from how much farther the others are, (L, I, J, K)."""
    closeness = 1 / (distances + np.float32(0.1)) ** 2
    return np.asarray(closeness / closeness.sum(axis=0), dtype=np.float32)
