"""How well a network knows its own errors: the line through hand-made cases, and the command's tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.models.model_folder import default_model
from brainseg_gui.inference.segment import Outcome
from training.compare.baselines import BASELINES
from training.compare.methods import BaselineMethod, Model
from training.studies import expected_study
from training.studies.expected_study import fit, main


def test_a_line_that_the_cases_lie_on_has_no_error() -> None:
    promised = [0.5, 0.6, 0.7, 0.8, 0.9]
    found = fit(promised, [2 * value - 0.9 for value in promised])
    assert found is not None
    assert found.rank_correlation == pytest.approx(1.0)
    assert found.line.overlap == (0.5, 0.9)
    assert found.line.dice == pytest.approx((0.1, 0.9))
    assert found.line.error == 0.0
    assert found.blind_error == pytest.approx(np.mean([0.5, 0.25, 0.0, 0.25, 0.5]))


def test_the_error_is_of_cases_that_the_line_does_not_know() -> None:
    """Four cases on a level of .5 and one of 1 beyond: the line of the four misses it by .5, others are bent by it."""
    found = fit([0.5, 0.6, 0.7, 0.8, 0.9], [0.5, 0.5, 0.5, 0.5, 1.0])
    assert found is not None
    assert found.line.error > np.mean(np.abs(np.polyval(np.polyfit([0.5, 0.6, 0.7, 0.8, 0.9], [0.5] * 4 + [1.0], 1),
                                             [0.5, 0.6, 0.7, 0.8, 0.9]) - ([0.5] * 4 + [1.0])))  # fmt: skip


@pytest.mark.parametrize("promised", [[0.5, 0.6, 0.7, 0.8], [0.7, 0.701, 0.702, 0.703, 0.704]])
def test_too_few_cases_and_promises_all_alike_give_no_line(promised: list[float]) -> None:
    assert fit(promised, [0.5] * len(promised)) is None


def test_a_patient_is_judged_by_the_others_alone() -> None:
    """Each of five patients twice, alike: the line of all others must not know the patient's other case."""
    promised, dice = [0.5, 0.6, 0.7, 0.8, 0.9], [0.2, 0.9, 0.1, 0.8, 0.4]
    once = fit(promised, dice)
    twice = fit(promised * 2, dice * 2, list("abcde") * 2)
    assert once is not None
    assert twice is not None
    assert twice.line.error == once.line.error
    assert twice.blind_error == pytest.approx(once.blind_error)
    assert twice.cases == 10


def test_several_cases_of_few_patients_give_no_line() -> None:
    assert fit([0.5, 0.6, 0.7, 0.8, 0.9, 0.95], [0.5] * 6, list("aabbcc")) is None


@pytest.fixture
def cases(tmp_path: Path, toy_case: Callable[..., Path]) -> Path:
    for number in range(5):
        toy_case(tmp_path / "cases", case_id=f"Toy_{number}", seed=number, spacing=(3.0, 3.0, 3.0))
    return tmp_path / "cases"


def test_the_command_writes_what_the_passport_needs(
    cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    promises = iter([0.5, 0.6, 0.7, 0.8, 0.9])

    def segment(_model: Model, case: object) -> tuple[np.ndarray, Outcome]:
        classes = np.zeros(case.grid.shape, np.uint8, order="F")  # type: ignore[attr-defined]
        return classes, Outcome({}, (), {"WT": next(promises)})

    monkeypatch.setattr(Model, "segment", segment)
    arguments = [
        "--cases",
        str(cases),
        "--scheme",
        "brats2020",
        "--model",
        "synthetic-2mm",
        "-o",
        str(tmp_path / "out"),
    ]
    assert main(arguments) == 0
    table = (tmp_path / "out" / "expected.md").read_text("utf-8")
    assert table == capsys.readouterr().out
    assert "| WT | 5 |" in table
    assert "| Toy_0 | 0.50 / none / none | 0.00 / 0.00 / 0.00 |" in table
    content = json.loads((tmp_path / "out" / "expected.json").read_text("utf-8"))
    assert content == {"expected_dice": {"WT": {"overlap": [0.5, 0.9], "dice": [0.0, 0.0], "error": 0.0}}}


def test_of_incomplete_cases_it_writes_what_the_network_for_them_needs(
    cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = list[tuple[str, int]]()

    def segment(_model: Model, case: Case) -> tuple[np.ndarray, Outcome]:
        seen.append((case.case_id, len(case.volumes)))
        return np.zeros(case.grid.shape, np.uint8, order="F"), Outcome({}, (), {"WT": 0.5 + 0.1 * len(case.volumes)})

    monkeypatch.setattr(Model, "segment", segment)
    given = ["--missing", "--cases", str(cases), "--scheme", "brats2020", "--model", "synthetic-2mm"]
    assert main([*given, "-o", str(tmp_path / "out")]) == 0
    assert len(set(seen)) == 15  # five patients, with one, two and three modalities
    assert [count for case_id, count in seen if case_id == "Toy_0"].count(3) == 4
    assert len(seen) == 5 * 14
    table = (tmp_path / "out" / "expected.md").read_text("utf-8")
    assert "| Toy_0, no FLAIR | 0.80 / none / none |" in table
    content = json.loads((tmp_path / "out" / "expected.json").read_text("utf-8"))
    assert content["incomplete"]["expected_dice"]["WT"]["overlap"] == [0.6, 0.8]


def test_of_a_model_that_estimates_images_these_cases_are_apart(
    cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shipped one estimates FLAIR, T1 and T2 from the others: three of the fourteen sets."""
    seen = list[frozenset[Modality]]()

    def segment(_model: Model, case: Case) -> tuple[np.ndarray, Outcome]:
        seen.append(frozenset(case.volumes))
        overlap = {"WT": 0.4 + 0.1 * len(case.volumes) + 0.02 * len(case.case_id.rstrip("0"))}
        return np.zeros(case.grid.shape, np.uint8, order="F"), Outcome({}, (), overlap)

    monkeypatch.setattr(Model, "segment", segment)
    given = ["--cases", str(cases), "--scheme", "brats2020", "--model", "glioma-2mm", "-o", str(tmp_path / "out")]
    assert main(["--estimated", *given]) == 0
    lacking = {next(iter(set(Modality) - one)) for one in seen}
    assert lacking == {Modality.FLAIR, Modality.T1, Modality.T2}
    assert len(seen) == 5 * 3
    assert json.loads((tmp_path / "out" / "expected.json").read_text("utf-8")).keys() == {"estimated"}
    estimated = set(seen)
    seen.clear()
    assert main(["--missing", *given]) == 0
    assert len(seen) == 5 * 11
    assert estimated.isdisjoint(seen)


def test_a_baseline_knows_no_probabilities(
    cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(expected_study, "models_named", lambda *_: [BaselineMethod(BASELINES[0])])
    assert main(["--cases", str(cases), "--scheme", "brats2020", "--model", "x", "-o", str(tmp_path / "out")]) == 2
    assert "has no probabilities" in capsys.readouterr().err


def test_the_shipped_networks_say_what_was_measured() -> None:
    lines = default_model().passport.expected_dice
    assert lines.keys() == {"WT", "TC", "ET"}
