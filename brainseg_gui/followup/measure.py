"""Measuring a patient: masks of the visits read, their lesions found, matched and measured."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from brainseg_gui.errors import CaseError, printable
from brainseg_gui.evaluation.cohorts.run import versions
from brainseg_gui.followup.aligning.placements import Placement, place_visits
from brainseg_gui.followup.criteria import Criteria
from brainseg_gui.followup.identity import follow
from brainseg_gui.followup.lesions import CRUMB_MM3, LesionMap, lesions_of, measured
from brainseg_gui.followup.locating import first_in_atlas, located
from brainseg_gui.followup.masks import VisitMask, read_masks
from brainseg_gui.followup.record import FollowUp, VisitMeasures
from brainseg_gui.followup.visits import TimeLine, Visit
from brainseg_gui.followup.volumes import VolumeRange, volume_by_border, with_sureness
from brainseg_gui.imaging.box import box_around
from brainseg_gui.imaging.grid import Affine
from brainseg_gui.imaging.labels import LabelMap, LabelScheme, label_region, regions
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.progress import Progress, scaled

UNREGISTERED = "Nothing was registered: the visits are taken to lie on each other as their files place them"
_CAVITY = "RC"


@dataclass(frozen=True)
class FollowUpRequest:
    """How a patient is measured.

    Parameters
    ----------
    criteria
        What is measured and how changes are called.
    planes
        Planes that diameters may lie in.
    masks
        Name of a visit -> its mask; where a visit has none here, the mask of its case.
    scheme
        What the masks' numbers mean; None to let each tell.
    to_first
        For each visit, 4×4: its world (RAS, mm) to that of the first visit; None where nothing was registered.
    register
        Whether `measure_patient` registers the visits, where `to_first` does not tell.
    placements
        What registering the visits found before; empty where it was not done.
    locate
        Whether `measure_patient` says where in the brain lesions lie.
    to_atlas
        4×4: world of the first visit to the atlas's, where that was found before.
    """

    criteria: Criteria
    planes: tuple[Plane, ...] = (Plane.AXIAL,)
    masks: Mapping[str, Path] = field(default_factory=dict)
    scheme: LabelScheme | None = None
    to_first: Sequence[Affine] | None = None
    register: bool = False
    placements: Sequence[Placement] = ()
    locate: bool = True
    to_atlas: Affine | None = None


def measure_patient(line: TimeLine, request: FollowUpRequest) -> Generator[Progress, None, FollowUp]:
    """Measure all visits of a patient that have a mask.

    Yields
    ------
    Progress
        One per visit; closing the generator ends the work.

    Raises
    ------
    CaseError
        If no visit has a mask.
    ImageError
        If a mask cannot be read.
    """
    paths = _masks_of(line, request)
    if not paths:
        raise CaseError("no visit has a mask", "Segment the visits first, or say where their masks are", _folder(line))
    masks = yield from scaled(read_masks(line.visits, paths, request.scheme), 0.0, 0.2)
    placements = request.placements
    labels = {number: mask.labels for number, mask in masks.items()}
    if request.register and request.to_first is None and len(line.visits) > 1 and not placements:
        placements = yield from scaled(place_visits(line.visits, labels), 0.2, 0.7)
    if placements:
        request = replace(request, to_first=[placement.to_first for placement in placements])
    to_atlas, lost = request.to_atlas if request.locate else None, ""
    if request.locate and to_atlas is None:
        to_atlas, lost = yield from scaled(first_in_atlas(line.visits, labels), 0.7, 0.8)
    maps: list[LesionMap | None] = []
    visits: list[VisitMeasures] = []
    for number, visit in enumerate(line.visits):
        yield Progress("measuring", 0.8 + 0.2 * number / len(line.visits), printable(visit.name))
        entry, lesions = _measured(visit, masks.pop(number, None), request)
        entry = _at(entry, placements[number]) if placements else entry
        visits.append(located(entry, lesions, to_atlas) if lesions is not None and to_atlas is not None else entry)
        maps.append(lesions)
    record = put_together(line.patient, request, visits, maps, (*line.notes, lost) if lost else line.notes)
    return replace(record, to_atlas=to_atlas)


def register_visits(line: TimeLine, request: FollowUpRequest) -> Generator[Progress, None, tuple[Placement, ...]]:
    """Where all visits lie in the space of the first one; also where none of them has a mask.

    Raises
    ------
    ImageError
        If a mask cannot be read.
    """
    masks = yield from scaled(read_masks(line.visits, _masks_of(line, request), request.scheme), 0.0, 0.1)
    labels = {number: mask.labels for number, mask in masks.items()}
    return (yield from scaled(place_visits(line.visits, labels), 0.1, 1.0))


def _masks_of(line: TimeLine, request: FollowUpRequest) -> dict[int, Path]:
    wanted = [request.masks.get(visit.name, visit.source.reference) for visit in line.visits]
    return {index: path for index, path in enumerate(wanted) if path is not None}


def _at(visit: VisitMeasures, placement: Placement) -> VisitMeasures:
    notes = (*visit.notes, placement.note) if placement.note else visit.notes
    if not placement.failed:
        return replace(visit, notes=notes, to_first=placement.to_first)
    why = visit.not_evaluable or "it could not be laid onto the first visit"
    return replace(visit, notes=notes, to_first=None, not_evaluable=why)


def _folder(line: TimeLine) -> Path | None:
    return line.visits[0].source.folder if line.visits else None


def _measured(visit: Visit, mask: VisitMask | None, request: FollowUpRequest) -> tuple[VisitMeasures, LesionMap | None]:
    if mask is None:
        return VisitMeasures(visit.name, visit.moment, notes=("It has no mask and is not measured",)), None
    notes, why = mask.notes, ""
    if not mask.labels.scheme.tells_apart and request.criteria.kind.key == "enhancing":
        why = "its mask does not tell enhancing tumour apart"
        notes = (*notes, "The mask does not tell enhancing tumour apart: these criteria find nothing in it")
    empty = VisitMeasures(
        visit.name,
        visit.moment,
        mask.labels.grid,
        mask.path,
        by_network=mask.sure_ml,
        notes=notes,
        not_evaluable=why,
    )
    return measure_labels(empty, mask.labels, request)


def measure_labels(visit: VisitMeasures, labels: LabelMap, request: FollowUpRequest) -> tuple[VisitMeasures, LesionMap]:
    """The measures of one visit's mask, its lesions numbered by size, and the lesions."""
    lesions = lesions_of(labels, request.criteria.kind)
    count = lesions.crumbs
    crumbs = [f"{count} crumb{'s' * (count > 1)} of less than {CRUMB_MM3:.0f} mm³ left out"] if count else []
    found = {one.number: measured(one, labels.grid, request.criteria, request.planes) for one in lesions.lesions}
    notes = (*visit.notes, *crumbs)
    volumes = _volumes(labels)
    for key, seen in visit.by_network.items():
        if key in volumes:
            volumes[key] = with_sureness(volumes[key], *seen)
    return replace(visit, grid=labels.grid, lesions=found, volumes=volumes, notes=notes), lesions


def _volumes(labels: LabelMap) -> dict[str, VolumeRange]:
    """Volumes of the regions, and of a resection cavity where there is one."""
    wanted = [*regions(), label_region(_CAVITY)]
    found = {}
    for region in wanted:
        mask = labels.mask(region)
        box = box_around(mask)
        if box is not None:
            found[region.key] = volume_by_border(mask[box], labels.grid.voxel_ml)
        elif region.key != _CAVITY:
            found[region.key] = VolumeRange(0.0, 0.0, 0.0)
    return found


def put_together(
    patient: str,
    request: FollowUpRequest,
    visits: Sequence[VisitMeasures],
    maps: Sequence[LesionMap | None],
    notes: tuple[str, ...] = (),
) -> FollowUp:
    """The visits of a patient, their lesions under numbers of the whole course.

    Parameters
    ----------
    visits, maps
        Of each visit, what `measure_labels` gave; None where it has no mask.
    notes
        What was assumed, in sentences.
    """
    present = [index for index, lesions in enumerate(maps) if lesions is not None]
    moves = [np.asarray(request.to_first[index]) if request.to_first is not None else np.eye(4) for index in present]
    identities = follow([lesions for lesions in maps if lesions is not None], moves)
    numbered = list(visits)
    for index, names in zip(present, identities.numbers, strict=True):
        renamed = {names[number]: lesion for number, lesion in visits[index].lesions.items()}
        numbered[index] = replace(visits[index], lesions=dict(sorted(renamed.items())))
    events = tuple(replace(event, visit=present[event.visit]) for event in identities.events)
    said = notes if request.to_first is not None or len(present) < 2 else (*notes, UNREGISTERED)
    return FollowUp(patient, request.criteria, tuple(numbered), events, said, versions=versions())
