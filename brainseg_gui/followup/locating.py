"""Where the lesions of a follow-up lie: its first visit is laid onto the atlas, the others lie on the first one."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from brainseg_gui.anatomy.location import locate
from brainseg_gui.anatomy.placing import place_in_atlas
from brainseg_gui.anatomy.words import NOT_SAID
from brainseg_gui.errors import BrainsegError
from brainseg_gui.followup.aligning.placements import best_modality
from brainseg_gui.followup.lesions import LesionMap
from brainseg_gui.followup.record import VisitMeasures
from brainseg_gui.followup.visits import Visit, read_volume
from brainseg_gui.imaging.grid import Affine
from brainseg_gui.imaging.labels import LabelMap, Region, meanings
from brainseg_gui.progress import Progress


def first_in_atlas(
    visits: Sequence[Visit], masks: Mapping[int, LabelMap]
) -> Generator[Progress, None, tuple[Affine | None, str]]:
    """4×4 from the first visit's world to the atlas's; or None, and why, in a sentence.

    Parameters
    ----------
    masks
        Index of a visit -> its mask: what a tumour changed is not looked at.
    """
    try:
        volume = yield from read_volume(visits[0], best_modality(visits[0]))
    except BrainsegError as error:
        return None, NOT_SAID.format(error)
    labels = masks.get(0)
    changed = labels.mask(Region("", "", frozenset(meanings()))) if labels is not None else None
    if labels is not None and not labels.grid.same_as(volume.grid):
        changed = None
    place = yield from place_in_atlas(volume, changed)
    return (None, NOT_SAID.format(place.problem)) if place.problem else (place.to_atlas, "")


def located(visit: VisitMeasures, lesions: LesionMap, to_atlas: Affine) -> VisitMeasures:
    """A visit whose lesions, numbered as in the lesion map, say where they lie.

    Parameters
    ----------
    to_atlas
        4×4: world of the first visit to the atlas's.
    """
    mine = to_atlas @ visit.to_first if visit.to_first is not None else np.asarray(to_atlas)
    found = {
        number: replace(lesion, location=locate(lesions.numbers == number, lesions.grid, mine))
        for number, lesion in visit.lesions.items()
    }
    return replace(visit, lesions=found)
