"""Examinations of which all is known: the truth is true, and a study goes on where it ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.preparation.registration.motion import angle_deg
from training.heads import study
from training.heads.study import Examined, SeriesFound, read_results, summary
from training.heads.truth import FINE_MM, THICK_MM, Painted, _mean_over_slices, draw_grid, draw_motion, scan
from training.synthesis.anatomy import Tissue
from training.synthesis.heads.head import HeadTissue
from training.synthesis.heads.tumours import IN_HULL, TumourHead


@pytest.fixture(scope="module")
def head() -> Painted:
    """A ball of white matter with a tumour at its right edge, in air."""
    places = np.indices((90, 100, 80)) - np.array([45, 50, 40]).reshape(3, 1, 1, 1)
    inside = np.sqrt((places**2).sum(axis=0)) < 30
    labels = np.full(inside.shape, HeadTissue.AIR, np.uint8)
    labels[inside] = Tissue.WHITE + IN_HULL
    labels[inside & (places[0] > 20)] = HeadTissue.ENHANCING + IN_HULL
    return Painted.of(TumourHead(labels, np.zeros(3), 8.0, 0.0, "ball"))


def test_what_was_drawn_lies_within_the_limits() -> None:
    motions = [draw_motion(np.random.default_rng(number)) for number in range(300)]
    assert 14 < max(angle_deg(motion) for motion in motions) <= 15
    assert 19 < max(np.linalg.norm(motion[:3, 3]) for motion in motions) <= 20


@pytest.mark.parametrize("number", [0, *(pytest.param(one, marks=pytest.mark.slow) for one in (1, 2))])
def test_image_and_truth_lie_where_the_motion_puts_the_head(head: Painted, number: int) -> None:
    rng = np.random.default_rng(number)
    motion, grid = draw_motion(rng), draw_grid(rng, THICK_MM)
    found = scan(rng, head, "t2", grid, motion)
    for part, truth in ((found.brain, head.brain), (found.tumour, head.tumour)):
        there = np.argwhere(part).mean(axis=0)
        middle = np.argwhere(truth).mean(axis=0) + head.grid.affine[:3, 3]
        assert grid.to_world(tuple(there)) == pytest.approx((motion @ [*middle, 1.0])[:3], abs=0.3)
        assert np.count_nonzero(part) * grid.voxel_ml == pytest.approx(np.count_nonzero(truth) / 1000, rel=0.05)
    lit = found.volume.intensities()
    assert lit[found.brain].mean() > 5 * lit[~found.brain].mean()


def test_a_slice_shows_the_mean_over_its_thickness() -> None:
    own = Grid((40, 40, 60), np.eye(4))
    ramp = np.broadcast_to(np.arange(60, dtype=np.float32), own.shape).copy()
    affine = np.diag([2.0, 2.0, 5.0, 1.0])
    affine[:3, 3] = (4, 4, 10)
    thick = _mean_over_slices(ramp, own, Grid((8, 8, 6), affine))
    assert np.allclose(thick, 10 + 5 * np.arange(6), atol=1e-3)
    ramp[..., 20:] = 0  # the slice at 20 mm reaches from 17.5 to 22.5
    assert 0 < _mean_over_slices(ramp, own, Grid((8, 8, 6), affine))[4, 4, 2] < 19


def test_the_reference_is_fine_and_the_other_series_thick() -> None:
    sizes = {tuple(sorted(draw_grid(np.random.default_rng(n), THICK_MM).spacing_mm)) for n in range(20)}
    assert sizes == {(0.9, 0.9, 5.0)}
    across = {int(np.argmax(draw_grid(np.random.default_rng(n), FINE_MM).spacing_mm)) for n in range(40)}
    assert across == {0, 1, 2}


FINE = SeriesFound("t1ce", "t1ce", 0.95, 1.0, 0.5, 2.0)
THICK = SeriesFound("t2", "flair", 0.91, 0.98, 0.5, 1.0)
FOUND = Examined(0, 12.0, 8.0, 0.4, "", 5.0, (FINE, THICK))


def test_the_numbers_are_those_that_were_found() -> None:
    lost = replace(FOUND, number=1, error_mm=30.0, problem="it covers 3%")
    words = summary([FOUND, lost])
    assert "error median 15.200, p95 28.520, most 30.000 mm, 1 told as failed" in words
    assert "not told median 0.400, p95 0.400, most 0.400 mm" in words
    assert "Dice median 0.930, p5 0.910, least 0.910 in 4 series" in words
    assert "keeps median 0.9900, p5 0.9800, least 0.9800" in words
    assert words.splitlines()[-1].split() == ["t2", "0", "0", "0", "2", "0"]
    assert summary([]) == "nothing yet"


class _NoEngine:
    networks = None

    def close(self) -> None: ...


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch, head: Painted) -> list[int]:
    """The numbers of the examinations that are made, each in no time."""
    made: list[int] = []

    def examine_one(number: int, *_: object) -> Examined:
        made.append(number)
        return replace(FOUND, number=number)

    monkeypatch.setattr(study, "_Engine", _NoEngine)
    monkeypatch.setattr(study, "examine_one", examine_one)
    monkeypatch.setattr(study, "load_head", lambda path: TumourHead(head.labels, np.zeros(3), 8.0, 0.0, path.name))
    monkeypatch.setattr(study, "_heads", lambda *_: [Path("a"), Path("b")])
    return made


@pytest.fixture
def begin(tmp_path: Path) -> Callable[..., int]:
    return lambda *words: study.main(["--anatomy", str(tmp_path), "--out", str(tmp_path), *words])


def test_a_study_goes_on_behind_the_last_examination(
    begin: Callable[..., int], examined: list[int], tmp_path: Path
) -> None:
    assert begin("--count", "2") == 0
    with (tmp_path / "results.jsonl").open("a") as stream:
        stream.write(json.dumps(asdict(replace(FOUND, number=2)))[:50])  # killed while it wrote
    assert begin("--quick") == 0
    assert examined == [0, 1, 2, 3]
    assert [one.number for one in read_results(tmp_path / "results.jsonl")] == [0, 1, 2, 3]
    assert read_results(tmp_path / "results.jsonl")[0] == FOUND


def test_none_is_begun_when_the_time_is_over(begin: Callable[..., int], examined: list[int]) -> None:
    assert begin("--at-most", "-1") == 0
    assert examined == []


def test_a_folder_without_anatomies_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert study.main(["--anatomy", str(tmp_path / "gone"), "--out", str(tmp_path / "out")]) == 2
    assert "no anatomical label map here" in capsys.readouterr().err
