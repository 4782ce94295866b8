"""What trials measure, of an expert's masks and of a network's: agreement on numbers worked by hand, and the tables."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.errors import BrainsegError
from brainseg_gui.followup.criteria import criteria_named
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import NETWORK_SCHEME, LabelMap
from training.compare.baselines import BASELINES
from training.compare.methods import BaselineMethod, Prediction
from training.studies import trial_measures
from training.studies.trial_measures import icc, main, measures_of

RANO = criteria_named("rano2")
METHOD = BaselineMethod(BASELINES[0])


def test_agreement_is_that_of_shrout_and_fleiss() -> None:
    """Their table of six targets by four judges: ICC(2,1) is .29 (Psychological Bulletin 1979, 86:420)."""
    judges = [(9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7)]
    assert icc(judges) == pytest.approx(0.29, abs=0.005)


def test_agreement_is_of_the_numbers_and_not_of_their_order() -> None:
    assert icc([(1, 1), (5, 5), (9, 9)]) == pytest.approx(1.0)
    assert icc([(1, 2), (5, 10), (9, 18)]) < 0.8


def test_volumes_and_sums_of_a_block_are_its_own() -> None:
    """Enhancing tumour of 20 × 16 mm over 12 slices: diagonal and what crosses it at right angles."""
    values = np.zeros((40, 40, 20), np.uint8)
    values[5:25, 5:21, 4:16] = 3
    labels = LabelMap(values, Grid((40, 40, 20), np.eye(4)), scheme_named(NETWORK_SCHEME))
    found = measures_of(labels, RANO)
    assert [found[key] for key in ("WT", "TC", "ET")] == pytest.approx([3.84] * 3)
    assert 20 * 16 < found["rano2"] < (20**2 + 16**2)


@pytest.mark.parametrize("value", [0, 2])
def test_nothing_that_enhances_sums_up_to_nothing(value: int) -> None:
    labels = LabelMap(np.full((9, 9, 9), value, np.uint8), Grid((9, 9, 9), np.eye(4)), scheme_named(NETWORK_SCHEME))
    assert measures_of(labels, RANO)["rano2"] == 0


@pytest.fixture
def cases(tmp_path: Path, toy_case: Callable[..., Path]) -> Path:
    for number in range(3):
        toy_case(tmp_path / "cases", case_id=f"Toy_{number}", seed=number, spacing=(3.0 + number,) * 3)
    return tmp_path / "cases"


def test_the_tables_hold_experts_and_networks_numbers(
    cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def half(_self: BaselineMethod, case: Case) -> Prediction:
        if case.case_id == "Toy_1":
            raise BrainsegError("it does not suit")
        classes = np.zeros(case.grid.shape, np.uint8)
        classes[: case.grid.shape[0] // 2] = 3
        return Prediction(classes, np.ones(classes.shape, np.float32), 0.1)

    monkeypatch.setattr(BaselineMethod, "predict", half)
    monkeypatch.setattr(trial_measures, "models_named", lambda *_: (METHOD,))
    out = tmp_path / "out"
    assert main(["--cases", str(cases), "--model", "half", "-o", str(out)]) == 2
    told = capsys.readouterr()
    assert "Toy_1 is left out: it does not suit" in told.err
    rows = list(csv.DictReader((out / "measures.csv").read_text("utf-8").splitlines()))
    assert [row["case_id"] for row in rows] == ["Toy_0"] * 4 + ["Toy_2"] * 4
    assert [row["measure"] for row in rows[:4]] == ["WT", "TC", "ET", "rano2"]
    voxel_ml = 3.0**3 / 1000
    assert float(rows[2]["network"]) == pytest.approx(12 * 28 * 20 * voxel_ml)
    assert 0 < float(rows[2]["expert"]) < float(rows[0]["expert"])
    assert "n = 2" in (out / "measures.md").read_text("utf-8")
    assert told.out == (out / "measures.md").read_text("utf-8")


def test_one_case_is_too_few(
    cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(trial_measures, "models_named", lambda *_: (METHOD,))
    assert main(["--cases", str(cases / "Toy_0"), "--model", "half", "-o", str(tmp_path / "out")]) == 2
    assert "fewer than two cases" in capsys.readouterr().err
