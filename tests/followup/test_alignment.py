"""Visits in other positions are laid onto the first one, and masks go from one to another with them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.cli import main
from brainseg_gui.followup.aligning.carrying import carried
from brainseg_gui.followup.aligning.placements import _placement, place_visits
from brainseg_gui.followup.from_json import read_follow_up
from brainseg_gui.followup.measure import FollowUpRequest, measure_patient
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.visits import time_line_of
from brainseg_gui.imaging.formats.reading import read_labels
from brainseg_gui.imaging.grid import Affine, Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.preparation.registration import register
from brainseg_gui.preparation.registration.motion import Alignment, displacement_mm
from brainseg_gui.progress import run_to_end
from tests.preparation.heads import T1CE, brain_points, grid_of, head
from tests.preparation.test_registration import motion

GRID = grid_of((50, 58, 52), (3.4, 3.4, 3.4))
MOVED = motion((6, -9, 8), (12, -9, 8))
TUMOUR_MM = (30.0, 22.0, 20.0)
_PLACES = {"visit1": np.eye(4), "visit2": np.eye(4), "visit3": MOVED, "visit4": None}


def _tumour(place: Affine) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """An enhancing ball of 7 mm where the head's tumour is after a motion."""
    world = np.linalg.inv(place) @ GRID.affine
    at = np.moveaxis(np.indices(GRID.shape), 0, -1) @ world[:3, :3].T + world[:3, 3]
    return (4 * (np.linalg.norm(at - TUMOUR_MM, axis=-1) <= 7)).astype(np.uint8)


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A head at three visits, the last of them moved; the fourth shows the tumour alone."""
    root = tmp_path_factory.mktemp("placed") / "P3"
    for number, (name, place) in enumerate(_PLACES.items()):
        folder = root / name
        folder.mkdir(parents=True)
        mask = _tumour(place if place is not None else np.eye(4))
        image = 50 * mask.astype(np.int16) if place is None else head(GRID, T1CE, place, seed=number).stored
        for file, values in (("t1ce", image), ("seg", mask)):
            nib.save(nib.Nifti1Image(values, GRID.affine), folder / f"{file}.nii.gz")
    return root


@pytest.fixture(scope="module")
def followed(patient: Path) -> FollowUp:
    """The visits, registered (by few samples) and measured once; the first one's mask is carried over."""
    out = patient.parent
    carrying = ["--carry-over", "visit1", str(out / "proposals")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(register, "_SAMPLES", (20_000, 20_000, 60_000))
        assert main(["follow", str(patient), "--json", str(out / "follow.json"), *carrying]) == 0
    return read_follow_up(out / "follow.json")


def test_a_visit_that_lies_there_already_is_not_moved(followed: FollowUp) -> None:
    place = followed.visits[1].to_first
    assert place is not None
    assert np.array_equal(place, np.eye(4))
    assert "It lies on visit1 as its files place it" in followed.visits[1].notes


def test_a_visit_in_another_position_is_laid_onto_the_first(followed: FollowUp) -> None:
    place = followed.visits[2].to_first
    assert place is not None
    assert displacement_mm(place @ MOVED, np.eye(4), brain_points()) < 1.0
    assert "registered to visit1: turned by 13." in followed.visits[2].notes[-1]


def test_a_visit_that_cannot_be_registered_is_said(followed: FollowUp) -> None:
    assert followed.visits[3].to_first is None
    assert "could not be registered and lies where its files place it: it fits" in followed.visits[3].notes[-1]


def test_a_lesion_keeps_its_number_in_another_position(followed: FollowUp, patient: Path) -> None:
    assert [list(visit.lesions) for visit in followed.visits] == [[1]] * 4
    assert not followed.events
    unregistered = run_to_end(measure_patient(time_line_of(patient), FollowUpRequest(followed.criteria)))
    assert "lesion 2 appeared" in [event.words for event in unregistered.events]


def test_a_carried_mask_is_written_on_the_grid_of_each_visit_that_was_registered(
    followed: FollowUp, patient: Path
) -> None:
    proposals = {path.name.split("_")[1]: path for path in sorted((patient.parent / "proposals").iterdir())}
    assert len(followed.visits) == 4
    assert list(proposals) == ["visit2", "visit3"]
    values, stored = read_labels(proposals["visit2"])
    assert stored.grid.same_as(GRID)
    assert np.array_equal(values, _tumour(np.eye(4)))
    proposal, truth = read_labels(proposals["visit3"])[0] > 0, _tumour(MOVED) > 0
    assert 2 * (proposal & truth).sum() > 0.75 * (proposal.sum() + truth.sum())


def test_a_carried_mask_is_never_written_over_another(
    followed: FollowUp, patient: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = ["--no-registration", "--carry-over", "visit1", str(patient.parent / "proposals")]
    assert len(followed.visits) == 4
    assert main(["follow", str(patient), *again]) == 2
    assert "the file exists" in capsys.readouterr().err
    assert main(["follow", str(patient), "--no-registration", "--carry-over", "visit9", str(patient.parent)]) == 2
    assert "Choose one of visit1, visit2" in capsys.readouterr().err


@pytest.mark.parametrize("broken", [0, 1])
def test_a_visit_that_cannot_be_read_is_said(patient: Path, tmp_path: Path, broken: int) -> None:
    file = tmp_path / "t1ce.nii.gz"
    file.write_bytes(b"nothing")
    visits = list(time_line_of(patient).visits[:2])
    source = visits[broken].source
    visits[broken] = replace(visits[broken], source=replace(source, modalities=dict.fromkeys(source.modalities, file)))
    _, second = run_to_end(place_visits(visits, {}))
    assert second.failed
    assert "t1ce.nii.gz" in second.note


@pytest.mark.parametrize(("information", "is_doubtful"), [(1.2, False), (0.55, True)])
def test_a_visit_that_fits_as_another_head_would_is_doubted(information: float, is_doubtful: bool) -> None:
    found = _placement(Alignment(MOVED, information=information, chance=0.2), "visit1")
    assert ("whether it is this patient" in found.note) is is_doubtful
    assert not found.failed


def test_the_work_can_be_given_up(patient: Path) -> None:
    with closing(place_visits(time_line_of(patient).visits, {})) as work:
        assert next(work).stage == "registering"


def test_a_mask_carried_to_a_visit_that_lies_there_already_is_the_same() -> None:
    labels = LabelMap(_tumour(np.eye(4)), GRID, scheme_named("brats2020"))
    there = Grid(GRID.shape, MOVED @ GRID.affine)
    assert carried(labels, MOVED, there, np.eye(4)).values is labels.values
