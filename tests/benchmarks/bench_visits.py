"""How right a follow-up is whose visits lie in other positions: synthetic patients over six visits, scanned at 2 mm.

Every scan but the first is turned by up to 15 degrees about any axis and shifted by up to 20 mm. The visits are
registered by their images, and measured from their true masks, as `brainseg follow` does; beside it the same patients
measured where they lie on each other, by their true masks.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from scipy.spatial.transform import Rotation

from brainseg_gui.followup.criteria import criteria_named
from brainseg_gui.followup.measure import FollowUpRequest, measure_patient
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.results import VisitResult, results_of
from brainseg_gui.followup.visits import time_line_of
from brainseg_gui.imaging.grid import Affine, Grid, StoredGrid
from brainseg_gui.imaging.regrid import resampled
from brainseg_gui.imaging.sampling import sampled
from brainseg_gui.preparation.registration.motion import displacement_mm
from brainseg_gui.progress import run_to_end
from tests.benchmarks.bench_followup import PATIENTS, agreement, follow_up, labels_of
from tests.benchmarks.cases import ROOT, Cases
from tests.benchmarks.rows import Row, Section
from training.studies.trial_measures import icc
from training.synthesis.anatomy import read_anatomy_cached
from training.synthesis.course import KINDS, CourseVisit, synthesise_course

_LARGEST_DEG, _LARGEST_MM = 15.0, 20.0
_HEAD_MM = 60.0


@dataclass(frozen=True, eq=False)
class Moved:
    """One patient: where nothing moved, and registered."""

    straight: FollowUp
    registered: FollowUp
    errors_mm: list[float]
    seconds: float


def measure(_cases: Cases) -> Section:
    """Errors of registration, agreement, lesions under other numbers, and how long it takes."""
    patients = [_patient(number) for number in range(PATIENTS)]
    pairs = [pair for patient in patients for pair in _pairs(patient)]
    sums = [(a.diameters.total, b.diameters.total) for a, b in pairs]
    volumes = [(a.volumes.total, b.volumes.total) for a, b in pairs if a.volumes and b.volumes]
    errors = [error for patient in patients for error in patient.errors_mm]
    rows = [
        Row("visits registered, mean error in the head, largest", max(errors), "mm", at_most=1.0),
        Row("six visits registered and measured, longest", max(one.seconds for one in patients), "s", at_most=120),
        Row("sums of products after registration, 1 - ICC", 1 - icc(sums), "", at_most=0.05),
        Row("volumes after registration, 1 - ICC", 1 - icc(volumes), "", at_most=0.05),
        Row("category of sums agrees", agreement(pairs, volumes=False), "%", higher=True),
        Row("category of volumes agrees", agreement(pairs, volumes=True), "%", higher=True),
        Row("visits with lesions under other numbers", float(sum(map(_renamed, patients))), "", at_most=0),
    ]
    return Section(rows)


def _patient(number: int) -> Moved:
    _, course, moves = moved_course(number)
    with tempfile.TemporaryDirectory() as folder:
        patient = write_course(course, moves, Path(folder) / "P")
        start = time.perf_counter()
        request = FollowUpRequest(criteria_named("rano2"), register=True)
        found = run_to_end(measure_patient(time_line_of(patient), request))
        seconds = time.perf_counter() - start
    straight = follow_up(course, [labels_of(visit) for visit in course], [np.eye(4)] * len(course))
    return Moved(straight, found, _errors_mm(found, moves), seconds)


def moved_course(number: int, spacing_mm: float = 2.0) -> tuple[str, tuple[CourseVisit, ...], list[Affine]]:
    """A patient with images: what becomes of the tumour, the visits, and where each lies in the first one's world."""
    anatomies = sorted((ROOT.parent / "shared" / "anatomies").glob("*.nii.gz"))
    anatomy = read_anatomy_cached(anatomies[number % len(anatomies)])
    kind = KINDS[number % len(KINDS)]
    course = synthesise_course(anatomy, (21, number), kind, spacing_mm=spacing_mm, images=True)
    return kind, course, _motions(np.random.default_rng((23, number)), course)


def write_course(course: Sequence[CourseVisit], moves: Sequence[Affine], patient: Path) -> Path:
    """The folder of the patient, its visits in folders named by their days."""
    for visit, move in zip(course, moves, strict=True):
        _write(visit, move, patient / f"day-{visit.day:04d}")
    return patient


def _motions(rng: np.random.Generator, course: tuple[CourseVisit, ...]) -> list[Affine]:
    """4×4 for each visit: its world to that of the first one."""
    grid = labels_of(course[0]).grid
    middle = np.array(grid.to_world(grid.centre))
    found: list[Affine] = [np.eye(4)]
    for _ in course[1:]:
        axis, way = (_direction(rng) for _ in range(2))
        move = np.eye(4)
        move[:3, :3] = Rotation.from_rotvec(np.radians(rng.uniform(0, _LARGEST_DEG)) * axis).as_matrix()
        move[:3, 3] = middle - move[:3, :3] @ middle + rng.uniform(0, _LARGEST_MM) * way
        found.append(move)
    return found


def _direction(rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float64]]:
    way = rng.normal(size=3)
    return np.asarray(way / np.linalg.norm(way), np.float64)


def _write(visit: CourseVisit, move: Affine, folder: Path) -> None:
    """The visit as a scanner gives it that sees the head elsewhere."""
    folder.mkdir(parents=True)
    shape = visit.mask.shape
    stored = StoredGrid((shape[0], shape[1], shape[2]), visit.affine)
    grid, target = stored.grid, Grid(stored.grid.shape, move @ stored.grid.affine)
    files: dict[str, np.ndarray[Any, Any]] = {"seg": resampled(labels_of(visit).values, grid, target)}
    for modality, image in (visit.images or {}).items():
        files[modality] = np.rint(sampled(stored.to_ras(image).astype(np.float32), grid, target, 0.0)).astype(np.int16)
    for name, values in files.items():
        image = nib.Nifti1Image(np.ascontiguousarray(stored.from_ras(values)), visit.affine)
        nib.save(image, folder / f"{name}.nii.gz")


def _errors_mm(found: FollowUp, moves: list[Affine]) -> list[float]:
    grid = found.visits[0].grid
    if grid is None:
        raise ValueError("every visit has a mask")
    middle = np.array(grid.to_world(grid.centre))
    points = middle + np.random.default_rng(1).uniform(-_HEAD_MM, _HEAD_MM, (500, 3))
    places = [visit.to_first if visit.to_first is not None else np.eye(4) for visit in found.visits]
    return [displacement_mm(place, move, points) for place, move in zip(places[1:], moves[1:], strict=True)]


def _pairs(patient: Moved) -> list[tuple[VisitResult, VisitResult]]:
    return list(zip(results_of(patient.straight), results_of(patient.registered), strict=True))


def _renamed(patient: Moved) -> int:
    both = zip(patient.straight.visits, patient.registered.visits, strict=True)
    return sum(one.lesions.keys() != other.lesions.keys() for one, other in both)
