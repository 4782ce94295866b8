"""No image leaves with a face where that is asked for, and one without a face leaves as it is."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.errors import BrainsegError, CaseError
from brainseg_gui.exchange.faceless import faceless
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.face import MARGIN_MM
from brainseg_gui.preparation.heads.field import FloatArray
from brainseg_gui.preparation.heads.finder import BrainFinder
from brainseg_gui.progress import Progress, run_to_end
from tests.exchange.test_export import call
from tests.preparation.heads import T1CE, T2, brain, grid_of, head
from tests.preparation.test_face import EYES_MM, MOUTH_MM, at
from tests.preparation.test_steps import seeing

GRID = grid_of((34, 42, 38), (5.0, 5.0, 5.0))
ROOMY = grid_of((36, 54, 42), (5.0, 5.0, 5.0))
T1CE_FILE, T2_FILE = "Jane_t1ce.nii.gz", "Jane_t2.nii.gz"


def bare(volume: Volume) -> Volume:
    return replace(volume, stored=np.where(brain(GRID), volume.stored, 0).astype(np.int16))


def written(folder: Path, images: Mapping[str, Volume]) -> Path:
    place = folder / "cohort" / "Jane"
    place.mkdir(parents=True)
    for name, volume in images.items():
        image = nib.Nifti1Image(volume.stored, volume.grid.affine)
        image.header["descrip"] = b"Jane Doe"
        nib.save(image, place / name)
    return place


def read(place: Path) -> Case:
    return run_to_end(read_case(find_case(place)))


def values(path: Path) -> NDArray[np.float64]:
    return np.asarray(nib.load(path).dataobj, np.float64)


def blind_on_t1ce() -> BrainFinder:
    """Sees the brain at once, but hardly on the first image that it is shown."""
    shown, sees = list[int](), seeing("brain")

    def predict(batch: FloatArray) -> Generator[Progress, None, FloatArray]:
        found = yield from sees.predict(batch)
        shown.append(1)
        return found if len(shown) > 1 else np.asarray(np.where(found > 0.5, 0.35, 0.1), np.float32)

    return replace(sees, predict=predict)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A head with its face on T1ce, and without its skull on T2."""
    return written(tmp_path, {T1CE_FILE: head(GRID, T1CE), T2_FILE: bare(head(GRID, T2, noise=0))})


def test_what_leaves_has_no_face_and_what_had_none_is_the_same_file(
    mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("brainseg_gui.api.brain_finder.finder_of", lambda engine, *, start: seeing("brain"))
    out = tmp_path / "Dataset501_Heads"
    assert call(mixed.parent, "-o", out, "--to", "nnunet", "--deface") == 0
    t1ce, t2 = (out / "imagesTs" / f"Jane_000{channel}.nii.gz" for channel in (0, 1))
    said = capsys.readouterr().err
    assert "Jane: the face was removed from T1ce" in said
    assert "Jane: there is no face in T2, whose skull is off: unchanged" in said
    assert t2.read_bytes() == (mixed / T2_FILE).read_bytes()
    before, after = values(mixed / T1CE_FILE), values(t1ce)
    assert not any(at(after > 20, GRID, place) for place in (*EYES_MM, MOUTH_MM))
    assert all(at(before > 20, GRID, place) for place in EYES_MM)
    np.testing.assert_array_equal(after[brain(GRID)], before[brain(GRID)])
    assert b"Doe" not in bytes(nib.load(t1ce).header.binaryblock)


def test_faces_stay_where_nobody_asks(mixed: Path, tmp_path: Path) -> None:
    out = tmp_path / "Dataset501_Heads"
    assert call(mixed.parent, "-o", out, "--to", "nnunet") == 0
    assert (out / "imagesTs" / "Jane_0000.nii.gz").read_bytes() == (mixed / T1CE_FILE).read_bytes()


def test_an_image_in_which_the_brain_is_hardly_seen_is_cut_by_another(tmp_path: Path) -> None:
    case = read(written(tmp_path, {T1CE_FILE: head(GRID, T1CE), T2_FILE: head(GRID, T2)}))
    done = run_to_end(faceless(case, blind_on_t1ce()))
    for modality in (Modality.T1CE, Modality.T2):
        gone = done.case.volumes[modality].stored != case.volumes[modality].stored
        assert gone.any()
        assert not gone[brain(GRID)].any()
    assert done.notes[:2] == (
        "the face was removed from T1ce and T2",
        "look at T1ce: the brain is hardly seen there, the face was told by another image",
    )


def test_images_that_lie_apart_lose_their_own_face(tmp_path: Path) -> None:
    """The brain of each tells where its face is: cut by the other one's, 24 mm behind it, this brain would be hurt."""
    moved = np.eye(4)
    moved[:3, 3] = (0, 4 * MARGIN_MM, 0)
    case = read(written(tmp_path, {T1CE_FILE: head(ROOMY, T1CE), T2_FILE: head(ROOMY, T2, moved)}))
    done = run_to_end(faceless(case, seeing("brain")))
    t2 = done.case.volumes[Modality.T2].stored
    assert not any(at(t2 > 20, ROOMY, place, moved) for place in (*EYES_MM, MOUTH_MM))
    assert (t2 == case.volumes[Modality.T2].stored)[brain(ROOMY, moved)].all()


@pytest.mark.parametrize(("finder", "words"), [(None, "comes without a network"), (seeing("nothing"), "no brain was")])
def test_a_face_that_cannot_be_removed_does_not_leave(
    finder: BrainFinder | None,
    words: str,
    mixed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("brainseg_gui.api.brain_finder.finder_of", lambda engine, *, start: finder)
    out = tmp_path / "Dataset501_Heads"
    with pytest.raises(CaseError, match="none of the cases can be exported"):
        call(mixed.parent, "-o", out, "--to", "nnunet", "--deface")
    assert words in capsys.readouterr().err
    assert not list(out.rglob("*.nii.gz"))


def test_heads_without_skull_need_no_network(tmp_path: Path) -> None:
    case = read(written(tmp_path, {T2_FILE: bare(head(GRID, T2, noise=0))}))
    done = run_to_end(faceless(case, None))
    assert done.case is case
    assert done.notes == ("there is no face in T2, whose skull is off: unchanged",)


def test_masks_alone_show_no_face(mixed: Path, tmp_path: Path) -> None:
    with pytest.raises(BrainsegError, match="--deface is for nnunet"):
        call(mixed.parent, "-o", tmp_path / "out", "--to", "bids", "--deface")
    assert not (tmp_path / "out").exists()
