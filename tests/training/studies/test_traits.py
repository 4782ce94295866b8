"""What tumours look like, in numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from training.data.prepare_case import PreparedCase
from training.studies.traits import traits_of
from training.studies.traits_study import as_table, main

SPACING_MM = 2.0


def case(*, shading: float = 0.0) -> PreparedCase:
    """A brain of noise, 40³ voxels; a cube of 8³ ET in a cube of 12³ ED, and a lone cube of 4³ ED."""
    random = np.random.default_rng(0)
    labels = np.zeros((44, 44, 44), np.uint8)
    labels[6:18, 6:18, 6:18] = 2
    labels[8:16, 8:16, 8:16] = 3
    labels[30:34, 30:34, 30:34] = 2
    image = np.zeros((44, 44, 44, 1), np.float32)
    image[2:-2, 2:-2, 2:-2] = random.normal(0.5, 0.25, (40, 40, 40, 1))
    image[2:-2, ..., 0] += shading * np.linspace(-1, 1, 40)[:, None, None] * (image[2:-2, ..., 0] != 0)
    image[labels == 3] = random.normal(0.5 + 4 * 0.25, 0.125, (8**3, 1))
    return PreparedCase(image, labels, np.zeros((0, 4), np.int16))


def test_volumes_and_shapes_by_hand() -> None:
    traits = traits_of(case(), SPACING_MM, ("t1ce",))
    assert traits["brain ml"] == pytest.approx(40**3 * 0.008)
    assert traits["WT ml"] == pytest.approx((12**3 + 4**3) * 0.008)
    assert traits["ET ml"] == pytest.approx(8**3 * 0.008)
    assert traits["ET share of WT"] == pytest.approx(8**3 / (12**3 + 4**3))
    assert (traits["WT components"], traits["ET components"]) == (2, 1)
    assert traits["WT share of the largest"] == pytest.approx(12**3 / (12**3 + 4**3))
    cube = 6 * 16**2 / 1.5  # mm², faces counted as those of a ball
    assert traits["ET surface"] == pytest.approx(cube / (36 * np.pi * (16**3) ** 2) ** (1 / 3))
    assert "NCR ml" in traits
    assert "t1ce NCR brightness" not in traits  # there is none


def test_brightness_is_told_in_spreads_of_normal_brain() -> None:
    traits = traits_of(case(), SPACING_MM, ("t1ce",))
    assert traits["t1ce ET brightness"] == pytest.approx(4.0, abs=0.1)
    assert traits["t1ce ET spread"] == pytest.approx(0.5, abs=0.05)
    assert traits["t1ce ED brightness"] == pytest.approx(0.0, abs=0.1)
    assert traits["t1ce grain"] == pytest.approx(np.sqrt(1.5), abs=0.1)  # of independent noise


def test_shading_is_told_from_noise() -> None:
    flat, shaded = (traits_of(case(shading=s), SPACING_MM, ("t1ce",))["t1ce shading"] for s in (0.0, 1.0))
    assert flat < 0.1
    assert shaded > 0.7


def test_a_case_without_tumour_has_the_brains_traits_alone() -> None:
    empty = case()
    empty.labels[:] = 0
    traits = traits_of(empty, SPACING_MM, ("t1ce",))
    assert traits["WT ml"] == 0
    assert not [name for name in traits if name.startswith(("WT components", "t1ce ET"))]


def test_the_table_says_what_lies_outside() -> None:
    wide = [{"WT ml": float(n)} for n in range(101)]
    narrow = [{"WT ml": value} for value in (5.0, 50.0, 95.0, 99.0)]
    assert "| WT ml | 18.5 / 72.5 / 97.8 | 10 / 50 / 90 | 25% below, 50% above |" in as_table({"a": narrow, "b": wide})


def test_folders_are_measured_side_by_side(
    toy_case: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for group in ("real", "made"):
        toy_case(tmp_path / group, case_id=f"{group}_1", spacing=(3.0, 3.0, 3.0))
    folders = [str(tmp_path / group) for group in ("real", "made")]
    assert main(["--cases", *folders, "--scheme", "brats2020", "-o", str(tmp_path / "out")]) == 0
    table = (tmp_path / "out" / "traits.md").read_text("utf-8")
    assert table == capsys.readouterr().out
    assert "| trait | real, n = 1 | made, n = 1 | outside |" in table
    assert "| t1ce ET brightness |" in table
