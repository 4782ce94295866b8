"""`brainseg surfaces`: files and pictures of the case that was asked for."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from brainseg_gui.commands import surfaces
from brainseg_gui.errors import BrainsegError


def _run(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    surfaces.add_parser(parser.add_subparsers())
    return surfaces.run(parser.parse_args(["surfaces", *(str(argument) for argument in arguments)]))


@pytest.fixture
def case(toy_case: Any, tmp_path: Path) -> Path:
    folder: Path = toy_case(tmp_path, shape=(40, 44, 36))
    return folder


def test_an_stl_of_each_label_and_of_the_brain(case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(case, "-o", tmp_path / "out.stl") == 0
    names = [Path(line).name for line in capsys.readouterr().out.splitlines()]
    assert names == ["out_NCR.stl", "out_ED.stl", "out_ET.stl", "out_brain.stl"]
    assert all((tmp_path / name).stat().st_size > 84 for name in names)


def test_errors_need_two_masks(case: Path, tmp_path: Path) -> None:
    with pytest.raises(BrainsegError, match="between two masks"):
        _run(case, "--show", "errors", "-o", tmp_path / "out.glb")
    mask = case / "Toy_001_seg.nii.gz"
    assert _run(case, "--show", "errors", "--prediction", mask, "--no-brain", "-o", tmp_path / "out.glb") == 0
    assert b"WT in both" in (tmp_path / "out.glb").read_bytes()


def test_a_picture_from_elsewhere(case: Path, tmp_path: Path) -> None:
    front, back = tmp_path / "front.png", tmp_path / "back.png"
    assert _run(case, "-o", front, "--angles", "0,0", "--size", 120, "--show", "lesions") == 0
    assert _run(case, "-o", back, "--angles", "180,0", "--size", 120, "--show", "lesions") == 0
    seen = [imread(path)[..., :3] for path in (front, back)]
    assert seen[0].shape == (120, 120, 3)
    assert seen[0].max() > 0.5
    assert not np.array_equal(*seen)


def test_what_cannot_be_written_is_said_before_the_case_is_read(tmp_path: Path) -> None:
    with pytest.raises(BrainsegError, match=r"Choose \.stl, \.ply, \.glb"):
        _run(tmp_path / "nothing", "-o", tmp_path / "out.obj")
