"""`brainseg segment` on raw series prepares them first, and writes a mask on each series as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.cli import main
from brainseg_gui.errors import SaveError
from brainseg_gui.imaging.cases.case_folder import find_cohort
from brainseg_gui.imaging.formats.reading import read_header
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.options import SegmentResult
from brainseg_gui.preparation.registration.motion import Alignment
from brainseg_gui.progress import Progress
from tests.preparation.conftest import Series, write_classic, write_enhanced
from tests.preparation.heads import T1CE, T2, grid_of, head
from tests.preparation.test_prepared_case import save

FINE, THICK = grid_of((20, 22, 20), (4.0, 4.0, 4.0)), grid_of((20, 22, 15), (4.0, 4.0, 5.5))


class _SeesABlock:
    """An engine that finds a block in the middle of every case."""

    def start(self, *_: object) -> None: ...

    def close(self) -> None: ...

    def segment(self, case: Any, *_: object) -> Iterator[Progress]:
        yield Progress("inferring", 0.5)
        classes = np.zeros(case.grid.shape, np.uint8)
        i, j, k = case.grid.centre
        classes[i - 20 : i + 20, j - 20 : j + 20, k - 20 : k + 20] = 3
        return SegmentResult(classes, {}, "CPU", "float32", "nobody's", ())


def _still(fixed: Volume, moving: Volume) -> Iterator[Progress]:
    yield Progress("registering", 0.5)
    return Alignment(np.eye(4))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a network nor a search."""
    monkeypatch.setattr("brainseg_gui.inference.engine.engine.Engine", _SeesABlock)
    monkeypatch.setattr("brainseg_gui.inference.models.head_model.shipped_head_model", lambda task: None)
    monkeypatch.setattr("brainseg_gui.preparation.steps.agreement.register", _still)


def segment(*words: object) -> int:
    return main(["segment", *map(str, words), "--json"])


def _as_dicom(volume: Volume, name: str, uid: str) -> Series:
    """Slices from foot to head, as a scanner stores them."""
    pixels = (
        volume.stored[::-1, ::-1].transpose(2, 1, 0).astype(np.uint16)
    )  # rows grow to the back, columns to the left
    corner = np.array(volume.grid.to_world((volume.grid.shape[0] - 1, volume.grid.shape[1] - 1, 0)))
    spacing = volume.grid.spacing_mm
    return Series(
        pixels, origin=corner * (-1, -1, 1), step_mm=spacing[2], spacing=(spacing[1], spacing[0]), uid=uid,
        tags={"SeriesDescription": name},
    )  # fmt: skip


def test_images_on_grids_of_their_own_are_prepared_and_get_a_mask_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(head(FINE, T1CE), tmp_path / "raw" / "Jane" / "Jane_t1ce.nii.gz")
    save(head(THICK, T2), tmp_path / "raw" / "Jane" / "Jane_t2.nii.gz")
    assert segment(tmp_path / "raw" / "Jane", "-o", tmp_path / "out") == 2  # the skull stays, which is told
    out, err = capsys.readouterr()
    assert "Jane: The skull stays" in err
    (entry,) = map(json.loads, out.splitlines())
    assert not entry["known"]
    assert entry["output"] == str(tmp_path / "out" / "Jane_pred.nii.gz")
    for path, source in zip(entry["native"], ("Jane_t1ce", "Jane_t2"), strict=True):
        mask, image = nib.load(path), nib.load(tmp_path / "raw" / "Jane" / f"{source}.nii.gz")
        assert Path(path) == tmp_path / "out" / "Jane" / "native" / f"{source}_pred.nii.gz"
        np.testing.assert_allclose(mask.affine, image.affine, atol=1e-4)
        voxel_ml = abs(np.linalg.det(mask.affine[:3, :3])) / 1000
        assert np.count_nonzero(np.asarray(mask.dataobj) == 4) * voxel_ml == pytest.approx(64.0, rel=0.3)
    assert [source.case_id for source in find_cohort(tmp_path / "out")] == ["Jane"]
    assert sorted(path.name for path in (tmp_path / "raw" / "Jane").iterdir()) == ["Jane_t1ce.nii.gz", "Jane_t2.nii.gz"]


def test_images_on_one_grid_are_segmented_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, contrast in (("t1ce", T1CE), ("t2", T2)):
        save(head(replace_shape(FINE), contrast), tmp_path / "Jane" / f"Jane_{name}.nii.gz")
    assert segment(tmp_path / "Jane", "-o", tmp_path / "out") == 0
    assert "native" not in json.loads(capsys.readouterr().out)
    assert [path.name for path in (tmp_path / "out").glob("*.nii.gz")] == ["Jane_pred.nii.gz"]


def replace_shape(grid: Grid) -> Grid:
    """The same voxels; a grid of its own."""
    return replace(grid, affine=grid.affine.copy())


def test_dicom_gives_what_files_of_the_same_voxels_give(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    volumes = {"t1_gd": head(FINE, T1CE), "ax_t2": head(THICK, T2)}
    for number, (name, volume) in enumerate(volumes.items(), 1):
        save(volume, tmp_path / "files" / f"{name}.nii.gz")
        series = _as_dicom(volume, name, f"1.2.3.{number}")
        order = np.random.default_rng(number).permutation(volume.grid.shape[2]).tolist()
        write_classic(tmp_path / "classic" / f"S{number}", series, order)
        write_enhanced(tmp_path / "enhanced" / f"IM{number}", series, order)
    found = {}
    for kind in ("files", "classic", "enhanced"):
        assert segment(tmp_path / kind, "-o", tmp_path / "out") == 2
        (entry,) = map(json.loads, capsys.readouterr().out.splitlines())
        found[kind] = entry
        assert len(entry["native"]) == 2
    prepared = {kind: _images(tmp_path / "out" / kind) for kind in found}
    for modality, image in prepared["files"].items():
        assert np.array_equal(prepared["classic"][modality], image)
        # the enhanced files of `write_enhanced` are rescaled by 2 and -3
        np.testing.assert_allclose(prepared["enhanced"][modality], 2 * image - 3, atol=1e-3)
    for one, other in zip(found["files"]["native"], found["classic"]["native"], strict=True):
        assert Path(one).name == Path(other).name
        assert read_header(Path(one)).stored_grid.grid.same_as(read_header(Path(other)).stored_grid.grid)
        ours, theirs = (nib.as_closest_canonical(nib.load(path)) for path in (one, other))
        assert np.array_equal(np.asarray(ours.dataobj), np.asarray(theirs.dataobj))


def _images(folder: Path) -> dict[str, Any]:
    """The prepared images by what they are."""
    return {path.name.split("_")[-1]: np.asarray(nib.load(path).dataobj) for path in folder.glob("*.nii.gz")}


def test_raw_series_that_cannot_be_prepared_are_named_and_the_rest_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_classic(tmp_path / "Ann", _as_dicom(head(FINE, T1CE), "adc", "1.2.3.1"))
    save(head(FINE, T1CE), tmp_path / "Bob" / "Bob_t1ce.nii.gz")
    assert segment(tmp_path / "Ann", tmp_path / "Bob", "-o", tmp_path / "out") == 2
    out, err = capsys.readouterr()
    assert "nothing tells what its series are (adc)" in err
    first, second = map(json.loads, out.splitlines())
    assert "nothing tells" in first["error"]
    assert second["case"] == "Bob"


def test_a_second_call_makes_again_what_did_not_come_back_to_a_series(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(head(FINE, T1CE), tmp_path / "raw" / "Jane" / "Jane_t1ce.nii.gz")
    save(head(THICK, T2), tmp_path / "raw" / "Jane" / "Jane_t2.nii.gz")
    known = {}
    for call in ("first", "second", "after a power cut"):
        native = tmp_path / "out" / "Jane" / "native" / "Jane_t2_pred.nii.gz"
        if call == "after a power cut":
            native.unlink()
        segment(tmp_path / "raw" / "Jane", "-o", tmp_path / "out")
        known[call] = json.loads(capsys.readouterr().out)["known"]
        assert native.is_file()
    assert known == {"first": False, "second": True, "after a power cut": False}


def test_a_mask_that_does_not_come_back_to_its_series_is_one_line_with_its_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise SaveError("the disk is full", "Free some space", tmp_path)

    monkeypatch.setattr("brainseg_gui.commands.segmenting.raw.write_native_masks", full)
    save(head(FINE, T1CE), tmp_path / "raw" / "Jane" / "Jane_t1ce.nii.gz")
    save(head(THICK, T2), tmp_path / "raw" / "Jane" / "Jane_t2.nii.gz")
    assert segment(tmp_path / "raw" / "Jane", "-o", tmp_path / "out") == 1
    out, err = capsys.readouterr()
    (entry,) = map(json.loads, out.splitlines())
    assert (entry["case"], "volumes_ml" in entry) == ("Jane", True)
    assert "the disk is full" in entry["error"]
    assert "the disk is full" in err
