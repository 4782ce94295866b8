"""`brainseg refine`: masks corrected by clicks on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.cli import main
from brainseg_gui.commands import refine
from brainseg_gui.errors import BrainsegError, EngineError

SHAPE = (40, 36, 32)
ET = 4


@pytest.fixture
def case(toy_case: Any, tmp_path: Path) -> Path:
    folder: Path = toy_case(tmp_path, shape=SHAPE)
    return folder


def refined(case: Path, *arguments: object) -> np.ndarray:
    """What is written, in stored order."""
    parser = argparse.ArgumentParser()
    refine.add_parser(parser.add_subparsers())
    out = case.parent / "out.nii.gz"
    given = parser.parse_args(["refine", str(case), "-o", str(out), *(str(argument) for argument in arguments)])
    assert refine.run(given) == 0
    return np.asanyarray(nib.load(out).dataobj)


def mask_of(case: Path) -> Path:
    return next(case.glob("*seg*"))


def middle_of(case: Path, label: int) -> tuple[str, tuple[int, int, int]]:
    """A voxel of a label near its middle: as the command line takes it, and its index in the file."""
    voxels = np.argwhere(np.asanyarray(nib.load(mask_of(case)).dataobj) == label)
    i, j, k = voxels[((voxels - voxels.mean(axis=0)) ** 2).sum(axis=1).argmin()].tolist()
    return f"file {i},{j},{k}", (i, j, k)


@pytest.mark.usefixtures("engine_of_api")
def test_a_click_from_nothing_and_one_that_takes_away(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place, index = middle_of(case, ET)
    grown = refined(case, "--click", f"+ET:{place}")
    assert grown[index] == ET
    assert {0, ET} <= set(np.unique(grown).tolist()) <= {0, 1, 2, ET}  # a lesion is begun with its tissues
    words = capsys.readouterr()
    assert "adds" in words.err
    assert "by the network" in words.err
    assert words.out.strip() == str(case.parent / "out.nii.gz")
    gone = refined(case, "--mask", mask_of(case), f"--click=-WT:{place}", "--overwrite")
    assert gone[index] == 0
    assert "by the network" in capsys.readouterr().err  # which mends what is drawn, too


@pytest.mark.usefixtures("engine_of_api")
def test_a_locked_label_stays_as_it_is(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place, _ = middle_of(case, ET)
    before = np.asanyarray(nib.load(mask_of(case)).dataobj)
    after = refined(case, "--mask", mask_of(case), f"--click=-WT:{place}", "--lock", "ET")
    assert (after[before == ET] == ET).all()
    assert (after[before != ET] != ET).all()
    assert capsys.readouterr().err


@pytest.mark.usefixtures("engine_of_api")
def test_nothing_changes_far_from_the_click(case: Path) -> None:
    place, index = middle_of(case, ET)
    before = np.asanyarray(nib.load(mask_of(case)).dataobj).copy()
    before[:3, :3, :3] = ET
    image = nib.load(mask_of(case))
    other = case.parent / "far.nii.gz"
    nib.save(nib.Nifti1Image(before.astype(np.uint8), image.affine), other)
    after = refined(case, "--mask", other, f"--click=-ET:{place}", "--scheme", "brats2020")
    assert after[index] != ET
    assert (after[:3, :3, :3] == ET).all()


@pytest.mark.parametrize(
    ("click", "sentence"),
    [
        ("ET:1,2,3", "no click"),
        ("+ET", "no click"),
        ("+ET:1,2", "names no place"),
        ("+ET:1,2,300", "outside the images"),
        ("+bone:1,2,3", "no label bone"),
    ],
)
def test_a_click_that_makes_no_sense_is_told(case: Path, click: str, sentence: str) -> None:
    with pytest.raises(BrainsegError, match=sentence):
        refined(case, "--click", click)


def test_a_network_that_died_is_no_mistake_of_the_input(
    case: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def died(*_: object, **__: object) -> None:
        raise EngineError("the network's process died", "Try again")

    monkeypatch.setattr("brainseg_gui.api.refine", died)
    assert main(["refine", str(case), "--click=+ET:3,3,3", "-o", str(case.parent / "new.nii.gz")]) == 1
    assert "the network's process died" in capsys.readouterr().err
