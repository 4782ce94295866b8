"""Simulated people: where they would click, scribble or draw a box on a mask that is wrong.

A person looks at the largest error and points near its middle, not at it; sometimes at the wrong place altogether.
Masks are the network's classes: 0 background, 1 NCR, 2 ED, 3 ET.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box, box_around, grown
from brainseg_gui.imaging.connected import connected, sizes_of
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.hints import NESTED_REGIONS, Hint
from brainseg_gui.imaging.labels import region_named
from training.clicks.case import SCHEME

Mask = NDArray[np.bool_]
Classes = NDArray[np.uint8]
_LARGEST, _LEAST_ERROR = 3, 4  # errors of a kind that are pointed at, and voxels that are seen at all
_LEAST_REGION = 50  # voxels: of a region that is tiny no error is huge
_EVENNESS = 0.7
Gesture = Literal["click", "scribble", "box"]


@dataclass(frozen=True, eq=False)
class MaskError:
    """A connected part of a region that is missing, or too much.

    Parameters
    ----------
    region, missing
        Of which region, and whether it is missing there.
    box, mask
        Its voxels.
    share
        Its volume as a share of the region in the reference, or of the whole tumour where the region has none there.
    """

    region: str
    missing: bool
    box: Box
    mask: Mask
    share: float


@dataclass(frozen=True)
class Person:
    """How somebody points.

    Parameters
    ----------
    jitter
        How far from the middle: 0 points at the deepest voxel; 1 at any voxel of the error.
    wrong
        Share of the hints that are at a wrong place.
    gestures
        How often a click, a scribble or a box is made; need not sum to 1.
    """

    jitter: float = 0.5
    wrong: float = 0.0
    gestures: Mapping[Gesture, float] = field(default_factory=dict)


def region_mask(classes: Classes, region: str) -> Mask:
    """A region of network classes, of any shape."""
    return SCHEME.look_up(region_named(region))[classes]


def largest_error(present: Classes, truth: Classes) -> MaskError | None:
    """The error that a person would see first; None where the masks are equal.

    Errors are components (6-connected) of what is missing and of what is too much, region by region; they are compared
    by their share of the region, so that a missed core counts for more than a rim of oedema.
    """
    box = box_around(present != truth)
    if box is None:
        return None
    errors = [
        _largest_of(region, missing, present, truth, box) for region in NESTED_REGIONS for missing in (True, False)
    ]
    return max((error for error in errors if error is not None), key=lambda error: error.share, default=None)


def _largest_of(region: str, missing: bool, present: Classes, truth: Classes, box: Box) -> MaskError | None:
    mine, wanted = region_mask(present[box], region), region_mask(truth[box], region)
    wrong = wanted & ~mine if missing else mine & ~wanted
    numbers, count = connected(wrong, 6)
    if not count:
        return None
    sizes = sizes_of(numbers, count)
    largest = numbers == sizes.argmax()
    inner = box_around(largest)
    if inner is None:
        return None
    i, j, k = (slice(o.start + p.start, o.start + p.stop) for o, p in zip(box, inner, strict=True))
    volume = np.count_nonzero(region_mask(truth, region)) or np.count_nonzero(truth) or present.size
    return MaskError(region, missing, (i, j, k), largest[inner], float(sizes.max() / volume))


def next_hint(
    present: Classes,
    truth: Classes,
    person: Person,
    rng: np.random.Generator,
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0),
) -> Hint | None:
    """What a person would say next; None where nothing is wrong."""
    error = largest_error(present, truth)
    if error is None:
        return None
    if rng.random() < person.wrong:
        return _astray(error, present.shape, rng)
    gesture = _gesture(person, rng)
    if gesture == "box" and error.missing:
        return _around(error, present.shape, rng)
    depth = _depth_mm(error.mask, spacing_mm)
    count = 1 if gesture == "click" else max(2, min(12, int(depth.size ** (1 / 3) / 2)))
    voxels = tuple(_placed(error.box, depth, person.jitter, rng) for _ in range(count))
    return Hint(error.region, error.missing, tuple(dict.fromkeys(voxels)))


def any_hint(
    present: Classes, truth: Classes, rng: np.random.Generator, spacing_mm: tuple[float, float, float]
) -> Hint | None:
    """A click in any of the larger errors of any region, in the largest most often; None where nothing is wrong."""
    errors = [
        (region, missing, numbers == number, size / max(int(region_mask(truth, region).sum()), _LEAST_REGION))
        for region in NESTED_REGIONS
        for missing in (True, False)
        for numbers, number, size in _largest_parts(present, truth, region, missing)
    ]
    if not errors:
        return None
    weights = np.array([share for *_, share in errors]) ** _EVENNESS
    region, missing, mask, _ = errors[int(rng.choice(len(errors), p=weights / weights.sum()))]
    box = box_around(mask)
    if box is None:
        return None
    return Hint(region, missing, (_placed(box, _depth_mm(mask[box], spacing_mm), 0.5, rng),))


def _largest_parts(
    present: Classes, truth: Classes, region: str, missing: bool
) -> Iterator[tuple[NDArray[np.signedinteger], int, int]]:
    mine, wanted = region_mask(present, region), region_mask(truth, region)
    numbers, count = connected((mine != wanted) & (wanted == missing), 6)
    sizes = sizes_of(numbers, count)
    for number in np.argsort(sizes[1:])[-_LARGEST:] + 1:
        if sizes[number] >= _LEAST_ERROR:
            yield numbers, int(number), int(sizes[number])


def _gesture(person: Person, rng: np.random.Generator) -> Gesture:
    if not person.gestures:
        return "click"
    names = list(person.gestures)
    weights = np.array([person.gestures[name] for name in names], float)
    return names[int(rng.choice(len(names), p=weights / weights.sum()))]


def _depth_mm(mask: Mask, spacing_mm: tuple[float, float, float]) -> NDArray[np.float64]:
    """How deep in the error each of its voxels lies."""
    from scipy.ndimage import distance_transform_edt

    return np.asarray(distance_transform_edt(np.pad(mask, 1), spacing_mm)[1:-1, 1:-1, 1:-1])


def _placed(box: Box, depth: NDArray[np.float64], jitter: float, rng: np.random.Generator) -> Voxel:
    """A voxel of the error: the deepest, or any that is not much shallower."""
    deep = np.argwhere(depth >= max((1 - jitter) * depth.max(), np.nextafter(0, 1)))
    chosen = deep[rng.integers(len(deep))] if jitter else deep[0]
    i, j, k = (int(part.start + at) for part, at in zip(box, chosen, strict=True))
    return i, j, k


def _around(error: MaskError, shape: tuple[int, ...], rng: np.random.Generator) -> Hint:
    """A box drawn around what is missing, a little too large as people draw them."""
    margin = int(rng.integers(1, 4))
    box = grown(error.box, margin, shape)
    i, j, k = ((part.start + part.stop) // 2 for part in box)
    return Hint(error.region, True, ((i, j, k),), box)


def _astray(error: MaskError, shape: tuple[int, ...], rng: np.random.Generator) -> Hint:
    """A hint at any voxel at all: in the air, on the healthy side."""
    i, j, k = (int(rng.integers(n)) for n in shape)
    return Hint(error.region, error.missing, ((i, j, k),))
