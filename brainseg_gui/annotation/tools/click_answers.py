"""What a click comes to: by the network that knows the regions of tumours, where there is one, else by the images."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from brainseg_gui.annotation.slab import LabelChange, Mask, Slab, Values, area_of, slab_around
from brainseg_gui.annotation.tools.clicks import (
    Spacing,
    from_images,
    is_nested,
    joined_or_left,
    near_hint,
    number_joining,
)
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.hints import NESTED_REGIONS, Hint, indices_in
from brainseg_gui.imaging.labels import LabelScheme, region_named
from brainseg_gui.progress import Progress

_BESIDE_MM = 8.0  # along each axis
BY_NETWORK = "by the network"
BY_IMAGES = "by the images alone"
"""Said of every answer that no network gave."""


class RegionNetwork(Protocol):
    """What knows the regions of a tumour. It answers with a box, and what the regions should be there.

    `present` are the regions as they are, (I, J, K); the last of the hints asks.

    Attributes
    ----------
    fault
        What of it is damaged, so that the images have to answer in its place.
    """

    fault: BrainsegError | None

    def regions(
        self, case: Case, present: Mapping[str, Mask], hints: Sequence[Hint]
    ) -> Generator[Progress, None, tuple[Slab, dict[str, Mask]]]:
        """Begin a lesion."""

    def mended(
        self, case: Case, present: Mapping[str, Mask], hints: Sequence[Hint]
    ) -> Generator[Progress, None, tuple[Slab, dict[str, Mask]]]:
        """Correct what is drawn."""

    def look_ahead(self, case: Case) -> Generator[Progress, None, None]:
        """See a case before it is clicked; a click that comes meanwhile waits for this."""

    def forget(self, but: Case | None = None) -> None:
        """Keep nothing of any case, unless of one."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a hint comes to.

    Parameters
    ----------
    change
        The proposal; None where nothing would change.
    by
        `BY_NETWORK` or `BY_IMAGES`.
    """

    change: LabelChange | None
    by: str


def answered(
    case: Case, values: Values, scheme: LabelScheme, hints: Sequence[Hint], network: RegionNetwork | None
) -> Generator[Progress, None, Answer]:
    """What the last of some hints comes to: by the network, which begins lesions and mends them, else by the images.

    The images answer where there is no network, and where it cannot say or does not heed.

    Parameters
    ----------
    values, scheme
        The annotation, (I, J, K), and what its numbers mean.
    hints
        What was said of it so far.
    network
        None where there is none.

    Yields
    ------
    Progress
        Often enough to cancel.

    Raises
    ------
    BrainsegError
        If the scheme has no number for what the hint speaks of.
    """
    hint = hints[-1]
    if network is not None and is_nested(hint):
        ask = network.regions if begins_lesion(hint, values, case.grid.spacing_mm) else network.mended
        present = {key: scheme.look_up(region_named(key))[values] for key in NESTED_REGIONS}
        try:
            slab, wanted = yield from ask(case, present, [other for other in hints if is_nested(other)])
        except BrainsegError:
            pass  # it is at work for somebody else, or misses a modality: the images answer
        else:
            change = change_towards(values, scheme, slab, wanted, hint, case.grid.spacing_mm)
            if heeds(change, values, scheme, hint):
                return Answer(change, BY_NETWORK)
    return Answer((yield from from_images(case.volumes, values, scheme, hints)), BY_IMAGES)


def change_towards(
    values: Values, scheme: LabelScheme, slab: Slab, wanted: Mapping[str, Mask], hint: Hint, spacing_mm: Spacing
) -> LabelChange | None:
    """The change that makes the nested regions of a slab what somebody wants, as far as it belongs to a hint.

    Only what the hint speaks of changes, in the way that it says: who adds takes nothing away. What leaves a region
    stays in those around. A hint that adds where nothing is yet begins a lesion: what is added comes with its tissues.

    Parameters
    ----------
    values
        The annotation, (I, J, K). Labels that are in no region, such as a cavity, stay.
    scheme
        What its numbers mean.
    wanted
        The regions, of the slab's shape.
    """
    present = values[slab]
    inside = {key: scheme.look_up(region_named(key))[present] for key in NESTED_REGIONS}
    differs = (inside[hint.region] != wanted[hint.region]) & (inside[hint.region] != hint.adds)
    if begins_lesion(hint, values, spacing_mm):
        differs |= (present == 0) & wanted["WT"]
    differs &= (present == 0) | inside["WT"]
    area = area_of(near_hint(differs, slab, hint, spacing_mm), slab)
    if area is None or not hint.adds:
        return joined_or_left(values, scheme, hint, area)
    labels = np.zeros_like(present)
    for key in NESTED_REGIONS:
        labels[wanted[key]] = number_joining(scheme, key)
    inner = tuple(slice(a.start - s.start, a.stop - s.start) for a, s in zip(area.slab, slab, strict=True))
    return LabelChange(area.slab, area.mask, labels[inner])


def begins_lesion(hint: Hint, values: Values, spacing_mm: Spacing) -> bool:
    """Whether a hint adds where nothing is drawn, nor close by: beside a lesion it is that one which is meant."""
    i, j, k = (round(_BESIDE_MM / mm) for mm in spacing_mm)
    return hint.adds and not any(values[slab_around(voxel, (i, j, k), values.shape)].any() for voxel in hint.voxels_ijk)


def heeds(change: LabelChange | None, values: Values, scheme: LabelScheme, hint: Hint) -> bool:
    """Whether a change does at the hint itself what the person said: a network that does not is no help.

    Of a scribble, most of its voxels must have come to belong there, or not to.
    """
    table = scheme.look_up(region_named(hint.region))

    def agreeing(labels: Values, voxels: Sequence[Voxel]) -> int:
        return sum(bool(table[labels[voxel]]) == hint.adds for voxel in voxels)

    count = agreeing(values, hint.voxels_ijk)
    if change is not None:
        before, inside = values[change.slab], indices_in(change.slab, hint)
        after = np.where(change.mask, change.labels, before)
        count += agreeing(after, inside) - agreeing(before, inside)
    return 2 * count > len(hint.voxels_ijk)
