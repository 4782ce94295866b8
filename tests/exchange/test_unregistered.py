"""What could not be registered does not leave as if it lay on the other images."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from brainseg_gui.cli import main
from brainseg_gui.exchange.neighbours import NEIGHBOURS, hand_over
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.cases.unregistered import PREPARATION
from brainseg_gui.progress import run_to_end

ToyCase = Callable[..., Path]
SENTENCE = "T2 could not be registered when the case was prepared, and is left out"


def _lose(case: Path, *keys: str) -> Path:
    """Have the record of a prepared case say that images could not be registered."""
    motion = {"problem": "it covers 3% of the reference's head", "found_before": None}
    series = [{"modality": key, "registration": motion} for key in keys]
    (case / PREPARATION).write_text(json.dumps({"series": series}))
    return case


@pytest.fixture
def case(tmp_path: Path, toy_case: ToyCase) -> Path:
    """A case whose T2 lies elsewhere, alone in its cohort."""
    return _lose(toy_case(tmp_path / "cohort", case_id="A"), "t2")


def _export(case: Path, out: Path, layout: str) -> int:
    return main(["export", str(case.parent), "-o", str(out), "--to", layout])


def test_nnunet_gets_the_channels_that_lie_on_each_other(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "Dataset501_Toys"
    assert _export(case, out, "nnunet") == 0
    assert f"A: {SENTENCE}" in capsys.readouterr().err
    named = json.loads((out / "dataset.json").read_text())["channel_names"]
    assert named == {"0": "T1", "1": "T1ce", "2": "FLAIR"}
    assert (out / "imagesTr" / "A_0002.nii.gz").read_bytes() == (case / "A_flair.nii.gz").read_bytes()


def test_a_case_that_lacks_a_channel_so_is_left_out_of_a_data_set_that_has_it(
    case: Path, tmp_path: Path, toy_case: ToyCase, capsys: pytest.CaptureFixture[str]
) -> None:
    toy_case(tmp_path / "cohort", case_id="B", seed=2)
    out = tmp_path / "Dataset501_Toys"
    assert _export(case, out, "nnunet") == 2
    assert "its T2 could not be registered and does not lie on its other images" in capsys.readouterr().err
    assert sorted(path.name for path in (out / "labelsTr").iterdir()) == ["B.nii.gz"]
    assert len(json.loads((out / "dataset.json").read_text())["channel_names"]) == 4


def test_a_mask_of_bids_says_on_which_images_it_does_not_lie(
    case: Path, tmp_path: Path, toy_case: ToyCase, capsys: pytest.CaptureFixture[str]
) -> None:
    toy_case(tmp_path / "cohort", case_id="B", seed=2)
    out = tmp_path / "derivatives"
    assert _export(case, out, "bids") == 0
    assert "A: the mask does not lie at its place on T2, which could not be registered" in capsys.readouterr().err
    (sidecar,) = out.rglob("*_dseg.json")
    assert sidecar.name == "sub-A_desc-tumor_dseg.json"
    assert json.loads(sidecar.read_text())["NotRegistered"] == ["T2"]


@pytest.mark.parametrize("layout", ["nii.gz", "nrrd"])
def test_masks_alone_are_told_to_lie_elsewhere_than_an_image(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], layout: str
) -> None:
    assert _export(case, tmp_path / "masks", layout) == 0
    assert "does not lie at its place on T2" in capsys.readouterr().err


def test_another_program_gets_the_images_that_lie_on_each_other(case: Path, tmp_path: Path) -> None:
    snap = NEIGHBOURS["itk-snap"]
    for lost, images in ((["t2"], ["A_t1ce", "A_t1", "A_flair"]), (["t1", "t1ce", "t2", "flair"], None)):
        read = run_to_end(read_case(find_case(_lose(case, *lost))))
        assert read.reference is not None
        command = hand_over(read, read.reference, snap, Path("itksnap"), tmp_path / "place").command
        given = [Path(word).name.removesuffix(".nii.gz") for word in command if word.startswith(str(case))]
        assert given == (images or ["A_t1ce", "A_t1", "A_t2", "A_flair"])
