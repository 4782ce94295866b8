"""`brainseg render`: files that are pictures of the case that was asked for."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from numpy.typing import NDArray

from brainseg_gui.commands import render
from brainseg_gui.errors import BrainsegError, GridMismatchError
from brainseg_gui.imaging.labels import meanings


def _parse(*arguments: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    render.add_parser(parser.add_subparsers())
    return parser.parse_args(["render", *(str(argument) for argument in arguments)])


def _run(*arguments: object) -> int:
    return render.run(_parse(*arguments))


@pytest.fixture
def case(toy_case: Any, tmp_path: Path) -> Path:
    folder: Path = toy_case(tmp_path, shape=(40, 44, 36))
    return folder


def _count(path: Path, meaning: str) -> int:
    """How many dots of a picture have exactly the colour of a meaning."""
    pixels: NDArray[Any] = imread(path)[..., :3]
    return int((np.abs(pixels - np.array(to_rgb(meanings()[meaning].colour))) < 0.01).all(axis=2).sum())


def test_three_planes_with_the_outlines_of_the_reference(case: Path, tmp_path: Path) -> None:
    without = tmp_path / "without.png"
    (case / "Toy_001_seg.nii.gz").rename(tmp_path / "mask.nii.gz")
    assert _run(case, "-o", without) == 0
    assert [_count(without, meaning) for meaning in ("NCR", "ED", "ET")] == [0, 0, 0]
    outlined = tmp_path / "with.png"
    assert _run(case, "--reference", tmp_path / "mask.nii.gz", "-o", outlined) == 0
    assert min(_count(outlined, meaning) for meaning in ("NCR", "ED", "ET")) > 5000  # outlines and legend
    assert imread(outlined).shape[1] == 2160  # 7.2 inches at 300 dots per inch


@pytest.fixture
def prediction(case: Path, tmp_path: Path) -> Path:
    """The reference, three voxels aside."""
    image = nib.load(case / "Toy_001_seg.nii.gz")
    nib.save(nib.Nifti1Image(np.roll(np.asarray(image.dataobj), 3, axis=0), image.affine), tmp_path / "p.nii.gz")
    return tmp_path / "p.nii.gz"


def test_the_worst_slices_and_an_animation_by_its_name(case: Path, prediction: Path, tmp_path: Path) -> None:
    worst = ("--layout", "worst", "--count", "2", "--region", "tc", "--plane", "coronal", "--dpi", "100")
    assert _run(case, "--prediction", prediction, "-o", tmp_path / "w.png", *worst) == 0
    assert imread(tmp_path / "w.png").shape[1] == 720
    assert _run(case, "--prediction", prediction, "-o", tmp_path / "a.gif", "--slices", "10-20", "--every", "5") == 0
    assert (tmp_path / "a.gif").read_bytes().startswith(b"GIF89a")


def test_colours_and_width_are_as_asked(case: Path, tmp_path: Path) -> None:
    assert _run(case, "-o", tmp_path / "f.png", "--colours", "ET=#ff00ff", "--width", "85", "--dpi", "300") == 0
    pixels: NDArray[Any] = imread(tmp_path / "f.png")[..., :3]
    assert pixels.shape[1] == int(85 / 25.4 * 300)
    assert (pixels == [1, 0, 1]).all(axis=2).sum() > 100
    assert _count(tmp_path / "f.png", "ET") == 0


@pytest.mark.parametrize("layout", ["planes", "modalities", "seed", "montage"])
def test_every_layout_draws_the_prediction(layout: str, case: Path, prediction: Path, tmp_path: Path) -> None:
    words = ("--layout", layout, "--dpi", "100", *(("--slices", "18-20") if layout == "seed" else ()))
    with_it, without = tmp_path / "with.png", tmp_path / "without.png"
    assert _run(case, "--prediction", prediction, "-o", with_it, *words) == 0
    assert _run(case, "-o", without, *words) == 0
    ours, theirs = imread(with_it), imread(without)
    assert ours.shape == theirs.shape
    assert (np.abs(ours - theirs).max(axis=2) > 0.2).mean() > 0.005


def test_the_named_scheme_colours_the_mask(case: Path, tmp_path: Path) -> None:
    # in the paediatric scheme 4 is oedema and 1 enhancing: no core is left
    assert _run(case, "--scheme", "brats-ped", "-o", tmp_path / "f.png") == 0
    assert _count(tmp_path / "f.png", "NCR") == 0
    assert _count(tmp_path / "f.png", "NET") > 0


def test_a_mask_of_another_grid_is_refused(case: Path, toy_case: Any, tmp_path: Path) -> None:
    other = toy_case(tmp_path, shape=(20, 20, 20), case_id="Other")
    with pytest.raises(GridMismatchError):
        _run(case, "--prediction", other / "Other_seg.nii.gz", "-o", tmp_path / "f.png")
    assert not (tmp_path / "f.png").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--slices", "3"), "--slices does not belong to the planes layout. It belongs to montage, seed, animation"),
        (("--layout", "seed", "--at", "1,2,3"), "does not belong to the seed layout"),
        (("--layout", "modalities", "--modality", "t1"), "--modality does not belong to the modalities layout"),
        (("--close-up", "--layout", "seed"), "--close-up does not belong"),
        (("--layout", "seed", "--slices", "0-40"), "cannot show 41 slices"),
        (("--layout", "worst"), "there is no prediction to compare"),
        (("--layout", "worst", "--region", "XX"), "no region named XX. Choose one of WT, TC, ET"),
        (("--layout", "animation", "--fps", "0"), "0 frames per second"),
        (("--colours", "puce"), "puce is no colour"),
        (("--width", "5"), "5 mm wide"),
        (("--at", "99,1,1"), "voxel 99,1,1 lies outside the images of 40×44×36 voxels"),
        (("--layout", "seed"), "no slice 74"),
    ],
)
def test_options_that_do_not_fit_are_sentences(
    options: tuple[str, ...], words: str, case: Path, tmp_path: Path
) -> None:
    with pytest.raises(BrainsegError, match=words):
        _run(case, "-o", tmp_path / "f.png", *options)


@pytest.mark.parametrize("text", ["74-70", "a", "-3"])
def test_ranges_of_slices_are_checked(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _parse("CASE", "-o", "f.png", f"--slices={text}")
    assert "range of" in capsys.readouterr().err


def test_ranges_and_voxels_are_read() -> None:
    args = _parse("CASE", "-o", "f.png", "--slices", "70-72", "--at", "1, 2,3")
    assert args.slices == (70, 72)
    assert args.at == "1, 2,3"


def test_slices_and_places_are_those_of_the_window(case: Path, tmp_path: Path) -> None:
    """The toy case is stored LPS, with 40×44×36 voxels."""
    same = [tmp_path / name for name in ("voxel.png", "file.png", "slice.png")]
    assert _run(case, "-o", same[0], "--at", "13,15,11", "--dpi", "80") == 0
    assert _run(case, "-o", same[1], "--at", "file 27 29 10", "--dpi", "80") == 0
    assert same[0].read_bytes() == same[1].read_bytes()
    montage = ("--layout", "montage", "--slices")
    assert _run(case, "-o", same[2], *montage, "1-36", "--dpi", "80") == 0
    with pytest.raises(BrainsegError, match=r"no slices 0 to 3, the volume has 36. Choose slices from 1 to 36"):
        _run(case, "-o", tmp_path / "f.png", *montage, "0-3")
