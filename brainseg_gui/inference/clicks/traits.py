"""What is known of each voxel near a hint, as numbers: where it lies, how it looks, what a network thinks of it.

Everything is told by comparison with the hint and with the mask as it is, so that it means the same for any region, any
scanner and any network that segments tumours. The voxels are those of the network's grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box
from brainseg_gui.imaging.hints import NESTED_REGIONS, REACH_MM, Hint, distance_mm
from brainseg_gui.inference.case_features import CaseFeatures
from brainseg_gui.inference.clicks.patch import Present, sampled_mask

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

COUNT = 58
"""Numbers of each voxel."""

_IMAGES, PROBABILITIES = slice(-4, None), slice(-8, -4)  # of the features; background, NCR, ED, ET
_LEAST = 2e-3  # of a probability: beyond, its logarithm tells nothing more
_DEEPEST_MM = 10.0
_ENOUGH = 20  # voxels from which on the looks of a region are known
_SPREAD = 0.2  # standard deviations of the brain
_SMOOTHING = 1.0  # voxels


def traits_near(
    features: CaseFeatures, box: Box, present: Present, hints: Sequence[Hint], spacing_mm: tuple[float, float, float]
) -> Floats:
    """The numbers of every voxel of a box of the network's grid, (I, J, K, `COUNT`).

    Parameters
    ----------
    present
        Each of the nested regions as it is, on the case's grid.
    hints
        All that were given for this mask, the newest last: that one is looked at.
    spacing_mm
        Of the case.
    """
    hint, grid = hints[-1], features.network_grid
    i, j, k = (mm * step for mm, step in zip(spacing_mm, grid.steps, strict=True))
    seen = features.values[box]
    images = np.clip(seen[..., _IMAGES].astype(np.float32), -4, 6)
    regions = {key: sampled_mask(present[key], grid, box) > 0.5 for key in NESTED_REGIONS}
    at = voxels_at(hint, features, box)
    found = [
        *_distances(hints, features, box, (i, j, k)),
        *_looks(images, at),
        *_opinions(seen[..., PROBABILITIES], hint, at),
        *_depths(regions, hint, at, (i, j, k)),
        *_tissues(regions, at),
        *_spoken_of(hint),
        *_strangeness(images, regions[hint.region]),
    ]
    return np.stack([np.broadcast_to(np.asarray(part, np.float32), images.shape[:3]) for part in found], axis=-1)


def box_near(case_box: Box, features: CaseFeatures) -> Box:
    """The voxels of the network's grid that cover a box of the case."""
    grid = features.network_grid
    i, j, k = (
        slice(
            min(max(int(np.floor((part.start - start) / step)), 0), count - 1),
            max(min(int(np.ceil((part.stop - 1 - start) / step)) + 1, count), 1),
        )
        for part, start, step, count in zip(case_box, grid.start, grid.steps, grid.resampled, strict=True)
    )
    return i, j, k


def voxels_at(hint: Hint, features: CaseFeatures, box: Box) -> tuple[NDArray[np.intp], ...]:
    """The voxels of the box that are nearest to the hint's."""
    grid = features.network_grid
    nearest = np.rint((np.array(hint.voxels_ijk) - grid.start) / grid.steps).astype(int)
    nearest -= [part.start for part in box]
    return tuple(np.clip(nearest, 0, [part.stop - part.start - 1 for part in box]).T)


def _distances(
    hints: Sequence[Hint], features: CaseFeatures, box: Box, mm: tuple[float, float, float]
) -> list[Floats | float]:
    """From the hint, and from what was said before of the same region: the same, and the contrary; in cm."""
    grid, newest = features.network_grid, hints[-1]

    def said(chosen: Sequence[Hint]) -> Floats | float:
        places = [((np.array(v) - grid.start) / grid.steps).tolist() for hint in chosen for v in hint.voxels_ijk]
        if not places:
            return REACH_MM / 10
        distance = distance_mm([(i, j, k) for i, j, k in places], box, mm)
        return np.asarray(np.minimum(distance, 2 * REACH_MM) / 10, np.float32)

    earlier = [hint for hint in hints[:-1] if hint.region == newest.region]
    same = [hint for hint in earlier if hint.adds == newest.adds]
    contrary = [hint for hint in earlier if hint.adds != newest.adds]
    return [said([newest]), *(np.minimum(said(chosen), REACH_MM / 10) for chosen in (same, contrary))]


def _looks(images: Floats, at: tuple[NDArray[np.intp], ...]) -> list[Floats | float]:
    """Each modality, and how it differs from the hint's voxel, as it is and smoothed."""
    found: list[Floats | float] = []
    for channel in range(images.shape[-1]):
        image = images[..., channel]
        smooth = _smoothed(image)
        there = float(smooth[at].mean())
        found += [image - image[at].mean(), smooth - there, image, there]
    return found


def _opinions(probabilities: NDArray[np.float16], hint: Hint, at: tuple[NDArray[np.intp], ...]) -> list[Floats | float]:
    """The network's logits of each region, in favour of what the hint says; and of the hint's region, smoothed."""
    sign = 1 if hint.adds else -1
    logits = {region: sign * part for region, part in logits_of(probabilities).items()}
    found: list[Floats | float] = []
    for part in logits.values():
        there = float(part[at].mean())
        found += [part, there, part - there]
    return [*found, _smoothed(logits[hint.region])]


def logits_of(probabilities: NDArray[np.float16]) -> dict[str, Floats]:
    """Logits of the nested regions, from the probabilities of the classes, (…, 4)."""
    _, necrosis, oedema, enhancing = np.moveaxis(probabilities.astype(np.float32), -1, 0)
    core = necrosis + enhancing
    found = {}
    for region, share in zip(NESTED_REGIONS, (core + oedema, core, enhancing), strict=True):
        kept = np.clip(share, _LEAST, 1 - _LEAST)
        found[region] = np.log(kept / (1 - kept))
    return found


def _depths(
    regions: Mapping[str, Mask], hint: Hint, at: tuple[NDArray[np.intp], ...], mm: tuple[float, float, float]
) -> list[Floats | float]:
    """How deep in each region a voxel lies, negative outside; then in the hint's, and the hint itself."""
    depths = {region: _depth(mask, mm) for region, mask in regions.items()}
    own = depths[hint.region]
    return [*depths.values(), own, float(own[at].mean())]


def _depth(mask: Mask, mm: tuple[float, float, float]) -> Floats:
    from scipy.ndimage import distance_transform_edt

    if mask.all() or not mask.any():
        return np.full(mask.shape, (1 if mask.any() else -1) * _DEEPEST_MM / 5, np.float32)
    signed = distance_transform_edt(mask, mm) - distance_transform_edt(~mask, mm)
    return np.asarray(np.clip(signed, -_DEEPEST_MM, _DEEPEST_MM) / 5, np.float32)


def _tissues(regions: Mapping[str, Mask], at: tuple[NDArray[np.intp], ...]) -> list[Mask | float]:
    """What a voxel is drawn as, and what the hint's is: nothing, oedema, core, enhancing."""
    whole, core, enhancing = (regions[region] for region in NESTED_REGIONS)
    drawn = [~whole, whole & ~core, core & ~enhancing, enhancing]
    return [*drawn, *(float(part[at].mean()) for part in drawn)]


def _spoken_of(hint: Hint) -> list[float]:
    return [float((region, adds) == (hint.region, hint.adds)) for region in NESTED_REGIONS for adds in (True, False)]


def _strangeness(images: Floats, mine: Mask) -> list[Floats | float]:
    """How far a voxel looks from what is drawn as the region, and from what surrounds it: by modality, and in all."""
    found: list[Floats | float] = []
    for part in (mine, ~mine & (images != 0).any(axis=-1)):
        if np.count_nonzero(part) < _ENOUGH:
            found += [0.0] * (images.shape[-1] + 1)
            continue
        away = np.clip((images - images[part].mean(axis=0)) / (images[part].std(axis=0) + _SPREAD), -4, 4)
        found += [*np.moveaxis(away, -1, 0), np.sqrt((away**2).mean(axis=-1))]
    return found


def _smoothed(image: Floats) -> Floats:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(image, _SMOOTHING), np.float32)
