"""A lesion that the network that segments sees itself: a click inside it is worth all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box, box_around, grown
from brainseg_gui.imaging.connected import connected
from brainseg_gui.imaging.hints import NESTED_REGIONS, Hint, indices_in
from brainseg_gui.inference.case_features import CaseFeatures, FineTissues
from brainseg_gui.inference.clicks.mender import LEAST_ML, Mender, mended_regions
from brainseg_gui.inference.clicks.patch import Present
from brainseg_gui.inference.clicks.traits import PROBABILITIES, Mask, voxels_at
from brainseg_gui.inference.separable import apply_along_axes


@dataclass(frozen=True, eq=False)
class OwnLesion:
    """A lesion.

    Parameters
    ----------
    box
        Of the case.
    regions
        The nested regions in it.
    """

    box: Box
    regions: dict[str, Mask]

    def says(self, hint: Hint) -> bool:
        """Whether most of a hint's voxels are in the region that it adds to."""
        region = self.regions[hint.region]
        return 2 * sum(bool(region[voxel]) for voxel in indices_in(self.box, hint)) > len(hint.voxels_ijk)

    def drawn(self, present: Present) -> dict[str, Mask]:
        """The regions of the whole case with the lesion in them."""
        found = {region: present[region].copy(order="K") for region in NESTED_REGIONS}
        for region, mask in self.regions.items():
            found[region][self.box] |= mask
        return found


def own_lesion(features: CaseFeatures, hint: Hint) -> OwnLesion | None:
    """The lesion in which a hint lies, as far as it is connected on the network's grid; None where there is none.

    Its tissues are the most probable ones, by the finer network where the model has one: as when it segments, how much
    of it is tumour stays the word of the first.
    """
    grid = features.network_grid
    whole = tuple(slice(0, count) for count in grid.resampled)
    numbers, _ = connected(features.values[..., PROBABILITIES][..., 0] < np.float16(0.5))
    there = numbers[voxels_at(hint, features, (whole[0], whole[1], whole[2]))]
    box = box_around(np.isin(numbers, there[there > 0]) & (numbers > 0))
    if box is None:
        return None
    box = grown(box, 1, numbers.shape)
    i, j, k = (
        slice(int(part.start * step), min(int(np.ceil((part.stop - 1) * step)) + 1, length))
        for part, step, length in zip(box, grid.steps, grid.shape, strict=True)
    )
    matrices = grid.backward(box, (i, j, k))
    shares = features.values[box][..., PROBABILITIES].astype(np.float32)
    channels = [apply_along_axes(np.asfortranarray(shares[..., n]), matrices) for n in range(shares.shape[-1])]
    classes = np.argmax(channels, axis=0)  # background, NCR, ED, ET
    if features.tissues is not None:
        classes = np.where(classes > 0, _finer_tissues(features.tissues, (i, j, k)), 0)
    if features.brain is not None:
        classes[~features.brain[i, j, k]] = 0
    regions = {"WT": classes > 0, "TC": (classes == 1) | (classes == 3), "ET": classes == 3}
    case = tuple(slice(p.start + first, p.stop + first) for p, first in zip((i, j, k), grid.start, strict=True))
    return OwnLesion((case[0], case[1], case[2]), regions)


def _finer_tissues(tissues: FineTissues, box: Box) -> NDArray[np.intp]:
    """The most probable tissue of each voxel of a box of the network's crop: NCR 1, ED 2, ET 3."""
    matrices = tissues.network_grid.backward(tissues.box, box)
    shares = np.moveaxis(tissues.probabilities[..., 1:].astype(np.float32), -1, 0)
    likeliest = np.argmax([apply_along_axes(np.asfortranarray(share), matrices) for share in shares], axis=0)
    return np.asarray(likeliest + 1, np.intp)


def begun_regions(
    features: CaseFeatures,
    mender: Mender | None,
    present: Present,
    hints: Sequence[Hint],
    spacing_mm: tuple[float, float, float],
) -> tuple[Box, dict[str, Mask]] | None:
    """The nested regions with the lesion in which the last of some hints lies, as far as it says what the hint says.

    Where it says something else it is mended at once. None where there is no such lesion, or nobody to mend it.

    Parameters
    ----------
    present
        The regions of the whole case as they are.
    """
    hint = hints[-1]
    own = own_lesion(features, hint)
    if own is None or not (own.says(hint) or mender is not None):
        return None
    drawn = own.drawn(present)
    if mender is not None and not own.says(hint):
        near, regions = mended_regions(mender, features, drawn, hints, spacing_mm)
        for region, mask in regions.items():
            drawn[region][near] = mask
    box = box_around(reduce(or_, (drawn[region] != present[region] for region in NESTED_REGIONS))) or own.box
    return box, {region: mask[box] for region, mask in drawn.items()}


def enough_begun(
    answer: tuple[Box, dict[str, Mask]],
    features: CaseFeatures,
    mender: Mender | None,
    present: Present,
    hints: Sequence[Hint],
    spacing_mm: tuple[float, float, float],
) -> tuple[Box, dict[str, Mask]]:
    """An answer to the last of some hints, with what mends masks adds there where it hardly adds anything itself.

    Parameters
    ----------
    answer
        A box of the case, and what the regions should be there; the rest is as for `begun_regions`.
    """
    box, wanted = answer
    hint = hints[-1]
    numbers, _ = connected(wanted[hint.region] & ~present[hint.region][box])
    there = {int(numbers[voxel]) for voxel in indices_in(box, hint)} - {0}
    added_ml = np.count_nonzero(np.isin(numbers, list(there))) * float(np.prod(spacing_mm)) / 1000
    if mender is None or added_ml >= LEAST_ML:
        return answer
    near, mended = mended_regions(mender, features, present, hints, spacing_mm)
    drawn = {region: present[region].copy(order="K") for region in NESTED_REGIONS}
    for part, regions in (answer, (near, mended)):
        for region, mask in regions.items():
            drawn[region][part] |= mask
    i, j, k = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(box, near, strict=True))
    both = i, j, k
    return both, {region: mask[both] for region, mask in drawn.items()}
