"""How right the measures of a follow-up are: synthetic patients over six visits whose truth is known, at 2 mm.

Diameters against looking at everything; the same patients on grids that are turned and shifted, laid back by their true
transforms, against the grids they were made on; lesions' numbers against the foci that they grew from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui.followup.criteria import criteria_named
from brainseg_gui.followup.diameters import Cross, cross_on_slice
from brainseg_gui.followup.identity import follow
from brainseg_gui.followup.lesions import LesionMap, lesions_of
from brainseg_gui.followup.measure import FollowUpRequest, measure_labels, put_together
from brainseg_gui.followup.moments import Moment, Span
from brainseg_gui.followup.record import FollowUp, VisitMeasures
from brainseg_gui.followup.results import VisitResult, results_of
from brainseg_gui.imaging.connected import connected
from brainseg_gui.imaging.grid import Grid, StoredGrid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.imaging.regrid import resampled
from tests.benchmarks.cases import ROOT, Cases
from tests.benchmarks.rows import Row, Section
from tests.followup.everything import Everything
from training.studies.trial_measures import icc
from training.synthesis.anatomy import read_anatomy_cached
from training.synthesis.course import KINDS, CourseVisit, synthesise_course

PATIENTS = 8
_CRITERIA = criteria_named("rano2")
_LEAST_FOCUS = 0.05  # of a focus: less of it beside another in a lesion is the edge of a neighbour


@dataclass(frozen=True, eq=False)
class Patient:
    """One course, measured on the grids it was made on and on others."""

    truth: tuple[CourseVisit, ...]
    maps: tuple[LesionMap, ...]
    straight: FollowUp
    turned: FollowUp


def measure(_cases: Cases) -> Section:
    """Errors, agreement and mistaken identities over all patients."""
    patients = [_patient(number) for number in range(PATIENTS)]
    pairs = [pair for patient in patients for pair in _result_pairs(patient)]
    sums = [(a.diameters.total, b.diameters.total) for a, b in pairs]
    volumes = [(a.volumes.total, b.volumes.total) for a, b in pairs if a.volumes and b.volumes]
    longest, across = np.transpose([_errors(lesion) for patient in patients for lesion in _slices(patient)])
    wrong, links = np.sum([_mistaken(patient) for patient in patients], axis=0)
    rows = [
        Row("longest diameter, error p95", float(np.percentile(longest, 95)), "mm", at_most=0.01),
        Row("diameter across, error p95", float(np.percentile(across, 95)), "mm", at_most=0.3),
        Row("sums of products on turned grids, 1 - ICC", 1 - icc(sums), "", at_most=0.05),
        Row("volumes on turned grids, 1 - ICC", 1 - icc(volumes), "", at_most=0.05),
        Row("category of sums agrees", agreement(pairs, volumes=False), "%", higher=True),
        Row("category of volumes agrees", agreement(pairs, volumes=True), "%", higher=True),
        Row(f"mistaken identities of {int(links)} pairs", float(wrong), "", at_most=0),
    ]
    return Section(rows)


def _patient(number: int) -> Patient:
    anatomies = sorted((ROOT.parent / "shared" / "anatomies").glob("*.nii.gz"))
    anatomy = read_anatomy_cached(anatomies[number % len(anatomies)])
    truth = synthesise_course(anatomy, (21, number), KINDS[number % len(KINDS)])
    rng = np.random.default_rng((22, number))
    straight = [labels_of(visit) for visit in truth]
    moved = [_turned(labels, rng) for labels in straight]
    maps = tuple(lesions_of(labels, _CRITERIA.kind) for labels in straight)
    first = follow_up(truth, straight, [np.eye(4)] * len(truth))
    second = follow_up(truth, [labels for labels, _ in moved], [matrix for _, matrix in moved])
    return Patient(truth, maps, first, second)


def labels_of(visit: CourseVisit) -> LabelMap:
    shape = visit.mask.shape
    stored = StoredGrid((shape[0], shape[1], shape[2]), visit.affine)
    return LabelMap(np.ascontiguousarray(stored.to_ras(visit.mask)), stored.grid, scheme_named("brats2023"))


def _turned(labels: LabelMap, rng: np.random.Generator) -> tuple[LabelMap, np.ndarray[Any, Any]]:
    """The same mask as another scan has it: turned by up to 10 degrees, shifted, and where that lies in the first."""
    angles = np.radians(rng.uniform(-10, 10, 3))
    turn = np.eye(4)
    for axis, angle in enumerate(angles):
        i, j = (axis + 1) % 3, (axis + 2) % 3
        one = np.eye(4)
        one[[i, j], [i, j]] = np.cos(angle)
        one[j, i], one[i, j] = np.sin(angle), -np.sin(angle)
        turn = one @ turn
    grid = labels.grid
    middle = np.array(grid.to_world(grid.centre))
    to_first = turn.copy()
    to_first[:3, 3] = middle - turn[:3, :3] @ middle + rng.uniform(-4, 4, 3)
    values = resampled(labels.values, grid, Grid(grid.shape, to_first @ grid.affine))
    return LabelMap(values, grid, labels.scheme), to_first


def follow_up(truth: Sequence[CourseVisit], labels: Sequence[LabelMap], moves: Sequence[Any]) -> FollowUp:
    request = FollowUpRequest(_CRITERIA, to_first=moves)
    measured = [
        measure_labels(_visit(number, visit, mask), mask, request)
        for number, (visit, mask) in enumerate(zip(truth, labels, strict=True))
    ]
    visits, maps = zip(*measured, strict=True)
    return put_together("synthetic", request, visits, maps)


def _visit(number: int, visit: CourseVisit, labels: LabelMap) -> VisitMeasures:
    moment = Moment(since_start=Span(visit.day, visit.day))
    return VisitMeasures(f"visit{number}", moment, labels.grid, Path("none"))


def _result_pairs(patient: Patient) -> list[tuple[VisitResult, VisitResult]]:
    return list(zip(results_of(patient.straight), results_of(patient.turned), strict=True))


def agreement(pairs: Sequence[tuple[VisitResult, VisitResult]], *, volumes: bool) -> float:
    later = [(a, b) for a, b in pairs if a.visit]
    same = [
        a.volumes.category is b.volumes.category
        if volumes and a.volumes and b.volumes
        else a.diameters.category is b.diameters.category
        for a, b in later
    ]
    return 100.0 * float(np.mean(same))


# --- diameters ------------------------------------------------------------------------------------------------------


def _slices(patient: Patient) -> list[np.ndarray[Any, Any]]:
    """The middle slice of the largest lesion of every other visit."""
    found = []
    for lesions in patient.maps[::2]:
        for lesion in lesions.lesions[:1]:
            areas = lesion.tissue.sum(axis=(0, 1))
            found.append(lesion.tissue[:, :, int(np.argmax(areas))])
    return found


def _errors(flat: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Errors in mm of both diameters of a region of 2 mm pixels."""
    cross: Cross = cross_on_slice(flat, Grid((1, 1, 1), np.diag([2.0, 2.0, 2.0, 1.0])), Plane.AXIAL, 0)
    everything = Everything(flat)
    start, end = (np.array(point[:2]) for point in (cross.longest.start_ijk, cross.longest.end_ijk))
    across = 2 * everything.across(start, end, 100, 0.05)
    return abs(cross.longest_mm - 2 * everything.longest(flat)), abs(cross.across_mm - across)


# --- identities -----------------------------------------------------------------------------------------------------


def _mistaken(patient: Patient) -> tuple[int, int]:
    """Pairs of lesions of neighbouring visits that are linked wrongly, and all pairs."""
    wrong = total = 0
    found = follow(patient.maps)
    foci = [_foci_of(visit, lesions) for visit, lesions in zip(patient.truth, patient.maps, strict=True)]
    numbers = found.numbers
    for index, (before, after) in enumerate(pairwise(foci)):
        for ours, ours_foci in before.items():
            parts = found.parts_of([numbers[index][ours]], index + 1)
            for theirs, their_foci in after.items():
                if not _in_pieces(ours_foci & their_foci, before, after):
                    total += 1
                    wrong += (numbers[index + 1][theirs] in parts) != bool(ours_foci & their_foci)
    return wrong, total


def _in_pieces(shared: frozenset[int], *visits: dict[int, frozenset[int]]) -> bool:
    """Whether one focus has several lesions on both visits: which of them is which, the foci do not say."""
    return any(all(sum(focus in foci for foci in visit.values()) > 1 for visit in visits) for focus in shared)


def _foci_of(visit: CourseVisit, lesions: LesionMap) -> dict[int, frozenset[int]]:
    """Per lesion, the foci whose core it holds, at least the one of which it holds most: a fragment is of that."""
    foci = _ras(visit)
    parts, _ = connected(foci > 0)
    sizes = np.bincount(foci.ravel(), minlength=2)
    found = {}
    for lesion in lesions.lesions:
        whole = np.isin(parts, np.unique(parts[lesions.numbers == lesion.number]))
        counts = np.bincount(foci[whole], minlength=len(sizes))
        held = [focus for focus in range(1, len(sizes)) if counts[focus] > _LEAST_FOCUS * sizes[focus]]
        found[lesion.number] = frozenset(held or [1 + int(np.argmax(counts[1:]))])
    return found


def _ras(visit: CourseVisit) -> np.ndarray[Any, Any]:
    shape = visit.foci.shape
    return StoredGrid((shape[0], shape[1], shape[2]), visit.affine).to_ras(visit.foci)
