"""Where the lesions of one case lie, for its report."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.anatomy.location import locate
from brainseg_gui.anatomy.placing import place_in_atlas
from brainseg_gui.anatomy.words import HOW_RIGHT, NOT_SAID, location_cells
from brainseg_gui.evaluation.reports.case_content import CaseContent
from brainseg_gui.imaging.connected import connected, sizes_of
from brainseg_gui.imaging.labels import LabelMap, Region, meanings, region_named
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.progress import Progress

_BY_CHOICE = (Modality.T1, Modality.T1CE, Modality.T2, Modality.FLAIR)
_MOST_LESIONS, _LEAST_ML = 8, 0.1
_ATLAS = "What an atlas of 20 healthy brains says of their places, laid on the case affinely. " + HOW_RIGHT


def with_places(content: CaseContent) -> Generator[Progress, None, CaseContent]:
    """A case with where the lesions of its reference lie, or, where it has none, of its prediction.

    What touches of the tumour's core is one lesion; of the whole tumour where no core is told apart.

    Yields
    ------
    Progress
        While the case is laid onto the atlas.
    """
    case, figure = content.case, content.figure
    labels = figure.reference if figure.reference is not None else figure.prediction
    modality = next((one for one in _BY_CHOICE if one in case.volumes), None)
    if labels is None or modality is None or not labels.present():
        return content
    changed = labels.mask(Region("", "", frozenset(meanings())))
    place = yield from place_in_atlas(case.volumes[modality], changed)
    if place.problem:
        return replace(content, notes=(*content.notes, NOT_SAID.format(place.problem)))
    rows = []
    for number, lesion in enumerate(_lesions(labels), start=1):
        size = f"{np.count_nonzero(lesion) * labels.grid.voxel_ml:.1f}"
        rows.append((str(number), size, *location_cells(locate(lesion, labels.grid, place.to_atlas))))
    return replace(content, places=tuple(rows), places_note=_ATLAS)


def _lesions(labels: LabelMap) -> Iterator[NDArray[np.bool_]]:
    """The largest first."""
    core, whole = (labels.mask(region_named(key)) for key in ("TC", "WT"))
    numbers, count = connected(core if core.any() else whole)
    sizes = sizes_of(numbers, count)
    for number in (np.argsort(-sizes[1:], kind="stable") + 1)[:_MOST_LESIONS].tolist():
        if sizes[number] * labels.grid.voxel_ml >= _LEAST_ML:
            yield np.asarray(numbers == number)
