"""The face goes, the brain stays: whichever way a head is turned, on voxels of any size."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from brainseg_gui.errors import CaseError, SaveError
from brainseg_gui.imaging.grid import Affine, Grid
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.defaced import DEFACING_RECORD, WRITING, DefacedExamination, deface_place
from brainseg_gui.preparation.face import MARGIN_MM, Face, face_before, without_face
from brainseg_gui.preparation.prepare_place import PreparationRequest, prepare_place
from brainseg_gui.preparation.record_reading import read_preparation
from brainseg_gui.preparation.registration.motion import Alignment
from brainseg_gui.preparation.steps.defacing import DEFACING, doubts_of_face
from brainseg_gui.preparation.steps.stripping import strip
from brainseg_gui.preparation.steps.work import Space, Wishes
from brainseg_gui.progress import Progress, run_to_end
from tests.preparation.heads import T1CE, T2, brain, grid_of, head
from tests.preparation.test_prepared_case import save
from tests.preparation.test_registration import motion
from tests.preparation.test_steps import seeing, stepped, work_of

FINE = grid_of((64, 90, 70), (3.0, 2.6, 3.2))
THICK = grid_of((60, 76, 32), (3.2, 3.2, 6.6))
EYES_MM = ((-32, 84, -22), (31, 85, -22))
MOUTH_MM, NAPE_MM, CROWN_MM = (0, 78, -62), (0, -80, -52), (0, -10, 90)


def at(mask: NDArray[np.bool_], grid: Grid, place_mm: tuple[float, ...], moved: Affine | None = None) -> bool:
    world = (np.eye(4) if moved is None else moved) @ (*place_mm, 1.0)
    i, j, k = np.rint(np.linalg.solve(grid.affine, world)[:3]).astype(int)
    return bool(mask[i, j, k])


TURNS = [motion(turn, (5, -4, 3)) for turn in ((0, 0, 0), (12, 0, 0), (-12, 0, 0), (0, 14, 0), (0, 0, -14), (8, 7, 6))]


@pytest.mark.parametrize("moved", TURNS)
@pytest.mark.parametrize("grid", [FINE, THICK])
def test_eyes_and_mouth_go_and_no_voxel_near_the_brain(grid: Grid, moved: Affine) -> None:
    inside = brain(grid, moved)
    face = face_before(inside, grid).on(grid)
    assert all(at(face, grid, place, moved) for place in (*EYES_MM, MOUTH_MM))
    assert not any(at(face, grid, place, moved) for place in (NAPE_MM, CROWN_MM))
    away_mm = ndimage.distance_transform_edt(~inside, sampling=grid.spacing_mm)
    assert away_mm[face].min() >= MARGIN_MM


def test_a_series_elsewhere_loses_the_same_places() -> None:
    """The face is told on one grid and cut on the other, moved one: the same eyes go, and no brain of it."""
    moved = motion((9, -6, 5), (7, -5, 4))
    face = face_before(brain(FINE), FINE)
    cut = face.on(Alignment(moved).grid_of(THICK))
    assert all(at(cut, THICK, place, moved) for place in (*EYES_MM, MOUTH_MM))
    assert not cut[brain(THICK, moved)].any()


def test_an_oblique_grid_loses_the_same_share() -> None:
    oblique = grid_of((64, 90, 70), (3.0, 2.6, 3.2), motion((20, -15, 25), (0, 0, 0)))
    ml = [float(np.count_nonzero(_face(grid).on(grid) & _middle(grid))) * grid.voxel_ml for grid in (FINE, oblique)]
    assert ml[0] > 100
    assert ml[1] == pytest.approx(ml[0], rel=0.06)  # the same face is 2 % less there, and planes lie within a voxel


def _face(grid: Grid) -> Face:
    return face_before(brain(grid), grid)


def _middle(grid: Grid) -> NDArray[np.bool_]:
    """What both grids hold: a ball of 95 mm."""
    places = np.moveaxis(np.indices(grid.shape), 0, -1) @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    return np.asarray((places**2).sum(axis=-1) <= 95.0**2)


def test_all_else_stays_bit_for_bit() -> None:
    volume = head(THICK, T2)
    face = _face(THICK)
    bare, gone = without_face(volume, face, THICK), face.on(THICK)
    assert bare.stored.dtype == volume.stored.dtype
    assert np.array_equal(bare.stored[~gone], volume.stored[~gone])
    assert set(np.unique(bare.stored[gone])) == {volume.background}
    assert gone.any()


def test_without_a_brain_nothing_tells_where_the_face_is() -> None:
    with pytest.raises(CaseError, match="no brain was found"):
        face_before(np.zeros((4, 4, 4), np.bool_), grid_of((4, 4, 4), (5, 5, 5)))
    work = work_of({Modality.T2: head(THICK, T2)}, Modality.T2, strip=False, deface=True)
    with pytest.raises(CaseError, match="no brain was found"):
        stepped(strip, replace(work, prepared=work.native))


def test_the_skull_stays_and_the_face_goes_where_that_is_wished(raw: Path, tmp_path: Path) -> None:
    wishes = Wishes(Space.REFERENCE, strip=False, deface=True)
    prepared = run_to_end(prepare_place(raw, PreparationRequest(tmp_path / "out", wishes), seeing("brain")))
    assert read_preparation(prepared.folder).wishes == wishes
    image = nibabel.load(prepared.folder / "Jane_t1ce.nii.gz").get_fdata()  # type: ignore[attr-defined]
    grid = grid_of(SHAPE, SPACING)
    shown = np.asarray(image > 10)
    assert at(shown, grid, (0, -93, 0))  # the scalp behind
    assert not any(at(shown, grid, place) for place in (*EYES_MM, MOUTH_MM))
    assert prepared.work is not None
    assert "the face and what lies before it was removed" in prepared.work.done[-1].sentences[0]


SHAPE, SPACING = (34, 42, 38), (5.0, 5.0, 5.0)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("raw") / "Jane" / "native"
    save(head(grid_of(SHAPE, SPACING), T1CE, seed=1), place / "Doe t1 gd.nii.gz")
    return place


def told(work: Generator[Progress, None, DefacedExamination]) -> tuple[list[Progress], DefacedExamination]:
    """What a work says on its way, and its result."""
    said = list[Progress]()
    while True:
        try:
            said.append(next(work))
        except StopIteration as end:
            return said, end.value


def test_a_copy_to_give_away_tells_nothing_of_its_source(raw: Path, tmp_path: Path) -> None:
    steps, done = told(deface_place(raw, tmp_path / "out", {}, seeing("brain"), "case 1"))
    last = [one.done for one in steps if one.stage in (DEFACING, WRITING)]
    assert last == sorted(last)
    assert steps[-1].stage == WRITING
    folder = tmp_path / "out" / "case_1"
    assert (done.folder, done.left_out) == (folder, 0)
    assert sorted(path.name for path in folder.iterdir()) == ["case_1_t1ce.nii.gz", DEFACING_RECORD]
    text = (folder / DEFACING_RECORD).read_text()
    assert not any(word in text for word in ("Doe", "gd", "Jane", str(raw)))
    said = json.loads(text)
    assert said["removed_ml"]["t1ce"] == pytest.approx(done.removed_ml[Modality.T1CE], abs=0.05)
    copy = nibabel.load(folder / "case_1_t1ce.nii.gz")  # type: ignore[attr-defined]
    source = nibabel.as_closest_canonical(nibabel.load(raw / "Doe t1 gd.nii.gz"))  # type: ignore[attr-defined]
    assert np.array_equal(copy.affine, source.affine)
    same = copy.get_fdata() == source.get_fdata()
    assert same[brain(grid_of(SHAPE, SPACING))].all()
    assert not same.all()
    with pytest.raises(SaveError, match="something of this name"):
        run_to_end(deface_place(raw, tmp_path / "out", {}, seeing("brain"), "case 1"))


def test_what_could_not_be_registered_may_still_show_a_face() -> None:
    lost: Mapping[Modality, Alignment] = {Modality.T2: Alignment(np.eye(4), problem="it covers too little")}
    work = replace(work_of({Modality.T2: head(THICK, T2)}, Modality.T2), alignments=lost)
    assert "may be left in T2" in doubts_of_face(work)[0]


def test_what_was_removed_is_said_without_the_air_before_it() -> None:
    removed = {Modality.T1: 2174.0, Modality.T2: 1880.0, Modality.FLAIR: 0.0}
    said = DefacedExamination(Path("out"), removed, 0, ()).words
    assert said == "the face was removed from T1 and T2; there is no face in FLAIR"
    assert DefacedExamination(Path("out"), {Modality.T1: 3.0}, 0, ()).words == "the face was removed from T1"
