"""Animations: as many pictures as slices, in true colours, at the asked speed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from brainseg_gui.errors import BrainsegError, SaveError
from brainseg_gui.evaluation.figures.animation import scene_of
from brainseg_gui.evaluation.figures.animation_file import save_animation
from brainseg_gui.evaluation.figures.content import FigureContent
from brainseg_gui.evaluation.figures.layouts import preview_png, write_figure
from brainseg_gui.evaluation.figures.request import FigureRequest
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.progress import run_to_end


@pytest.fixture
def content(toy_case: Any, tmp_path: Path) -> FigureContent:
    case = run_to_end(read_case(find_case(toy_case(tmp_path, shape=(24, 28, 20)))))
    return FigureContent(case, None, case.reference)


REQUEST = FigureRequest("animation", Modality.T1CE, slices=(6, 14), every=4, frames_per_second=5)


@pytest.mark.parametrize(("name", "kind"), [("a.gif", "GIF"), ("a.png", "PNG"), ("a.apng", "PNG"), ("a.webp", "WEBP")])
def test_a_file_holds_one_picture_per_slice(name: str, kind: str, content: FigureContent, tmp_path: Path) -> None:
    progress = list(write_figure(content, REQUEST, tmp_path / name))
    assert [step.detail for step in progress][:3] == ["slice 1 of 3", "slice 2 of 3", "slice 3 of 3"]
    with Image.open(tmp_path / name) as image:
        assert (image.format, image.n_frames) == (kind, 3)
        image.seek(1)
        image.load()
        assert image.info["duration"] == pytest.approx(200)
        assert image.info.get("loop", 0) == 0


def test_only_the_tile_changes_from_picture_to_picture(content: FigureContent) -> None:
    first, second, third = scene_of(content, REQUEST).frames()
    assert first.shape == second.shape == third.shape
    changed = (first != second).any(axis=2) | (second != third).any(axis=2)
    rows = np.flatnonzero(changed.any(axis=1))
    assert rows[0] > 30  # below the heading
    assert rows[-1] < len(first) - 30  # above the legend
    assert first[0, 0].tolist() == [255, 255, 255]


def test_the_colours_of_a_gif_are_those_that_were_drawn(content: FigureContent, tmp_path: Path) -> None:
    run_to_end(write_figure(content, REQUEST, tmp_path / "a.gif"))
    with Image.open(tmp_path / "a.gif") as image:
        image.seek(1)
        shown = np.asarray(image.convert("RGB")).astype(int)
    drawn = list(scene_of(content, REQUEST).frames())[1].astype(int)
    difference = np.abs(shown - drawn).max(axis=2)
    assert (difference[(drawn == 0).all(axis=2)] == 0).all()  # true black
    assert (difference[(drawn == 255).all(axis=2)] == 0).all()
    assert np.quantile(difference, 0.99) <= 8


def test_a_slice_of_interest_stands_for_the_animation(content: FigureContent, tmp_path: Path) -> None:
    (tmp_path / "p.png").write_bytes(preview_png(content, REQUEST, 600))
    with Image.open(tmp_path / "p.png") as image:
        still = np.asarray(image)
    assert any(np.array_equal(still, frame) for frame in scene_of(content, REQUEST).frames())


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg, which writes MP4, is not installed")
def test_ffmpeg_writes_mp4_of_an_even_size(tmp_path: Path) -> None:
    pictures = [np.full((51, 63, 3), shade, dtype=np.uint8) for shade in (0, 128, 255)]
    save_animation(pictures, tmp_path / "a.mp4", 10)
    assert (tmp_path / "a.mp4").read_bytes()[4:8] == b"ftyp"
    said = subprocess.run(["ffmpeg", "-i", tmp_path / "a.mp4"], capture_output=True, text=True, check=False).stderr
    assert "64x52" in said


def test_without_ffmpeg_there_is_another_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SaveError, match=r"ffmpeg, which is not installed.*\.gif"):
        save_animation([np.zeros((4, 4, 3), dtype=np.uint8)], tmp_path / "a.mp4", 10)


def test_other_files_and_speeds_are_sentences(content: FigureContent, tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="GIF, APNG, WebP or MP4"):
        run_to_end(write_figure(content, REQUEST, tmp_path / "a.svg"))
    with pytest.raises(BrainsegError, match="90 frames per second"):
        run_to_end(write_figure(content, FigureRequest("animation", frames_per_second=90), tmp_path / "a.gif"))
    with pytest.raises(SaveError, match="was not written"):
        run_to_end(write_figure(content, REQUEST, tmp_path / "missing" / "a.gif"))
