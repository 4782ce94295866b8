"""Scoring a cohort in parallel processes: the same numbers, bad cases, death, resuming."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from brainseg_gui.errors import CaseError, SaveError
from brainseg_gui.evaluation.cohorts import scoring
from brainseg_gui.evaluation.cohorts.pairing import Pair, pair_models, patients_in
from brainseg_gui.evaluation.cohorts.run import CohortRequest, evaluate_cohort
from brainseg_gui.evaluation.cohorts.score import score_pair
from brainseg_gui.evaluation.cohorts.scoring_task import ScoringTask
from brainseg_gui.evaluation.masks import ChosenSchemes
from brainseg_gui.evaluation.metrics.rules import rules_named
from brainseg_gui.evaluation.records.report import CohortReport
from brainseg_gui.evaluation.records.to_json import case_entry
from brainseg_gui.execution import processes, worker_process
from brainseg_gui.execution.worker_process import WorkerProcess
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.progress import run_to_end
from tests.evaluation.cohort_files import PREDICTION, REFERENCE, spoil, write_cohort, write_mask

RULES = rules_named("brats2023")
SCHEMES = ChosenSchemes(scheme_named("brats2020"), scheme_named("brats2020"))


def _request(folder: Path, count: int, **more: object) -> CohortRequest:
    references, (predictions,) = write_cohort(folder, count)
    request = CohortRequest(references, {"p": predictions}, RULES, SCHEMES, processes=1)  # each takes a second to start
    return replace(request, **more)  # type: ignore[arg-type]


def _scored(request: CohortRequest) -> CohortReport:
    return run_to_end(evaluate_cohort(request))


def _entries(report: CohortReport) -> list[dict[str, object]]:
    return [{**case_entry(case), "seconds": 0} for case in report.cases]


def test_processes_give_what_one_gives_in_the_order_of_the_cases(tmp_path: Path) -> None:
    request = _request(tmp_path, 5, processes=2)
    report = _scored(request)
    pairs, _ = pair_models(request.reference, request.predictions)
    alone = [score_pair(pair, SCHEMES, RULES, model) for model, pair in pairs]
    assert _entries(report) == [{**case_entry(case), "seconds": 0} for case in alone]
    assert [case.case_id for case in report.cases] == ["P00", "P01", "P02", "P03", "P04"]
    assert report.versions.keys() >= {"brainseg", "Python", "numpy", "scipy", "nibabel"}


def test_bad_cases_are_listed_with_their_sentences_and_lose_no_other(tmp_path: Path) -> None:
    request = _request(tmp_path, 6)
    spoil(request.predictions["p"])
    report = _scored(request)
    assert [case.case_id for case in report.cases] == ["P03", "P04", "P05"]
    assert [(entry.case_id, entry.model) for entry in report.unpaired] == [("P00", "p")]
    failed = {entry.case_id: entry.reason for entry in report.failed}
    assert "cut off" in failed["P01"]
    assert "9×2×2 voxels instead of 10×2×2" in failed["P02"]
    assert "0.001 ml carry numbers that the label scheme does not know" in report.cases[0].warning
    assert report.cases[1].warning == ""


def test_a_process_that_dies_loses_only_its_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dying_child.py").write_text(
        "import os, sys\n"
        "from brainseg_gui.evaluation.cohorts import scoring\n"
        "from brainseg_gui.execution import child\n"
        "score = scoring.answer\n"
        "def answer(job):\n"
        "    if job.pair.case_id == 'P02':\n"
        "        print('no memory left', file=sys.stderr, flush=True)\n"
        "        os._exit(9)\n"
        "    return score(job)\n"
        "scoring.answer = answer\n"
        "child.main()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(worker_process, "_MODULE", "dying_child")
    report = _scored(_request(tmp_path, 6, processes=2))
    assert [case.case_id for case in report.cases] == ["P00", "P01", "P03", "P04", "P05"]
    (entry,) = report.failed
    assert entry.reason.endswith("P02_pred.nii.gz: its process died (exit code 9, no memory left)")


def test_a_fault_of_the_program_is_a_sentence_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(scoring, "score_pair", fail)
    ((model, pair),), _ = pair_models(*_one_pair(tmp_path))
    reply = scoring.answer(ScoringTask(model, pair, SCHEMES, RULES))
    assert "something went wrong inside the program (ZeroDivisionError('by zero'))" in reply["failed"]


def _one_pair(folder: Path) -> tuple[Path, dict[str, Path]]:
    return write_mask(folder / "a_seg.nii", REFERENCE), {"m": write_mask(folder / "a_pred.nii", PREDICTION)}


def test_processes_have_one_thread_each_and_end_with_the_work(tmp_path: Path) -> None:
    with contextlib.closing(evaluate_cohort(_request(tmp_path, 12, processes=2))) as work:
        for progress in work:
            if progress.partial is not None and progress.partial.done >= 2:
                break
        children = psutil.Process().children(recursive=True)
        mine = [child for child in children if "brainseg_gui.execution.child" in child.cmdline()]
        assert 1 <= len(mine) <= 2
        assert mine[0].environ()["OMP_NUM_THREADS"] == mine[0].environ()["OPENBLAS_NUM_THREADS"] == "1"
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in mine)


def test_a_second_call_scores_only_what_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = _request(tmp_path, 4, partial=tmp_path / "cases.jsonl")
    first = _scored(request)
    assert len((tmp_path / "cases.jsonl").read_text().splitlines()) == 4
    again = _scored(request)
    assert [case.seconds for case in again.cases] == [case.seconds for case in first.cases]  # the same, not as fast
    write_mask(request.predictions["p"] / "P02_pred.nii.gz", REFERENCE, 2)
    changed = _scored(request)
    assert len((tmp_path / "cases.jsonl").read_text().splitlines()) == 5
    assert [case.mean_dice == 1 for case in changed.cases] == [False, False, True, False]
    other_rules = _scored(replace(request, rules=rules_named("brats2020")))
    assert {case.rules for case in other_rules.cases} == {"BraTS 2020"}
    assert len((tmp_path / "cases.jsonl").read_text().splitlines()) == 9
    _scored(replace(request, fresh=True))
    assert len((tmp_path / "cases.jsonl").read_text().splitlines()) == 4


def test_known_results_take_the_names_of_this_call(tmp_path: Path) -> None:
    request = _request(tmp_path, 2, partial=tmp_path / "cases.jsonl")
    _scored(request)
    renamed = _scored(replace(request, predictions={"better name": request.predictions["p"]}))
    assert {case.model for case in renamed.cases} == {"better name"}
    assert len((tmp_path / "cases.jsonl").read_text().splitlines()) == 2


def test_a_torn_line_loses_that_line_only(tmp_path: Path) -> None:
    partial = tmp_path / "cases.jsonl"
    request = _request(tmp_path, 3, partial=partial)
    _scored(request)
    lines = partial.read_text().splitlines()
    partial.write_text("\n".join([lines[0], "null", lines[1], lines[2][:80]]))
    report = _scored(request)
    assert len(report.cases) == 3
    after = partial.read_text().splitlines()
    assert (after[:4], len(after)) == ([lines[0], "null", lines[1], lines[2][:80]], 5)
    assert json.loads(after[4])["case"]["case_id"] == json.loads(lines[2])["case"]["case_id"]


def test_a_call_goes_on_where_one_was_killed(tmp_path: Path) -> None:
    references, (predictions,) = write_cohort(tmp_path, 30)
    words = ["--reference", references, "--prediction", predictions, "--scheme", "brats2020", "--processes", "1"]
    command = [sys.executable, "-P", "-m", "brainseg_gui", "evaluate", *words, "--json", tmp_path / "o.json"]
    partial = tmp_path / "o.cases.jsonl"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while _lines(partial) < 3:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.005)
                pytest.fail("it ended before it could be killed")
        process.kill()
    before = partial.read_text()
    done = before.count("\n")
    assert 3 <= done < 30
    assert not (tmp_path / "o.json").exists()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120)
    assert partial.read_text().startswith(before)
    assert _lines(partial) == 30 + (not before.endswith("\n"))
    report = json.loads((tmp_path / "o.json").read_text("utf-8"))
    kept = {json.loads(line)["case"]["case_id"] for line in before.splitlines()[:done]}
    times = {json.loads(line)["key"]: json.loads(line)["case"]["seconds"] for line in before.splitlines()[:done]}
    assert len(report["cases"]) == 30
    assert {case["seconds"] for case in report["cases"] if case["case_id"] in kept} <= set(times.values())


def _lines(path: Path) -> int:
    return path.read_text().count("\n") if path.exists() else 0


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="cannot be written"):
        _scored(_request(tmp_path, 1, partial=tmp_path / "missing" / "cases.jsonl"))


def test_several_models_are_paired_with_the_same_references(tmp_path: Path) -> None:
    references, (one, two) = write_cohort(tmp_path, 3, ("one", "two"))
    (two / "P01_pred.nii.gz").unlink()
    pairs, unpaired = pair_models(references, {"two": two, "one": one})
    names = [(pair.case_id, model) for model, pair in pairs]
    assert names == [("P00", "two"), ("P00", "one"), ("P01", "one"), ("P02", "two"), ("P02", "one")]
    assert [(entry.case_id, entry.model, entry.reason) for entry in unpaired] == [
        ("P01", "two", "it has no prediction")
    ]


def test_images_are_found_beside_the_reference_or_where_they_are_said_to_be(tmp_path: Path) -> None:
    for name in ("A", "B"):
        for kind in ("t1ce", "seg"):
            write_mask(tmp_path / "cohort" / name / f"{name}_{kind}.nii.gz", REFERENCE)
        write_mask(tmp_path / "masks" / f"{name}.nii.gz", REFERENCE)
        write_mask(tmp_path / "p" / f"{name}_pred.nii.gz", PREDICTION)
    predictions = {"p": tmp_path / "p"}
    beside, _ = pair_models(tmp_path / "cohort", predictions)
    assert [pair.images for _, pair in beside] == [tmp_path / "cohort" / "A", tmp_path / "cohort" / "B"]
    nowhere, _ = pair_models(tmp_path / "masks", predictions)
    assert [pair.images for _, pair in nowhere] == [None, None]
    said, _ = pair_models(tmp_path / "masks", predictions, tmp_path / "cohort")
    assert [pair.images for _, pair in said] == [tmp_path / "cohort" / "A", tmp_path / "cohort" / "B"]
    with pytest.raises(CaseError):
        pair_models(tmp_path / "masks", predictions, tmp_path / "nothing")


def test_default_processes_respect_cores_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "usable_cores", lambda: 64)
    memory = psutil.virtual_memory()._replace(available=4_600_000_000)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    assert processes.default_processes() == 3
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory._replace(available=1))
    assert processes.default_processes() == 1


def _job(folder: Path) -> ScoringTask:
    ((model, pair),), _ = pair_models(*_one_pair(folder))
    return ScoringTask(model, pair, SCHEMES, RULES)


@pytest.mark.parametrize("way", ["replaced", "in place", "there and back", "touched"])
def test_a_result_is_kept_by_the_bytes_that_were_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """A mask that changed between hashing and scoring was kept with the wrong score, for ever."""
    job, original, left = _job(tmp_path), scoring.score_pair, [1]
    before = job.pair.prediction.read_bytes()

    def score(pair: Pair, *rest: Any) -> Any:
        if not left:
            return original(pair, *rest)
        left.clear()
        if way == "replaced":
            write_mask(tmp_path / "new.nii", REFERENCE).replace(pair.prediction)
        elif way == "touched":
            os.utime(pair.prediction)
        else:
            write_mask(pair.prediction, REFERENCE)
        found = original(pair, *rest)
        if way == "there and back":
            pair.prediction.write_bytes(before)
        return found

    monkeypatch.setattr(scoring, "score_pair", score)
    reply = scoring.answer(job)
    assert reply["key"] == job.key()
    same = way in ("replaced", "in place")
    assert (reply["case"]["regions"]["WT"]["dice"] == 1) == same


def test_a_mask_that_changes_all_the_time_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job, original = _job(tmp_path), scoring.score_pair

    def score(pair: Pair, *rest: Any) -> Any:
        found = original(pair, *rest)
        write_mask(pair.prediction, REFERENCE)
        return found

    monkeypatch.setattr(scoring, "score_pair", score)
    reply = scoring.answer(job)
    assert "is being written" in reply["failed"]
    assert "key" not in reply


def test_what_is_kept_is_what_the_scoring_process_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mask is replaced after the program hashed it, and before its process reads it."""
    request = _request(tmp_path, 1, partial=tmp_path / "cases.jsonl")
    mask, ask = request.predictions["p"] / "P00_pred.nii.gz", WorkerProcess.ask

    def replaced_before(process: Any, *task: Any) -> Any:
        write_mask(mask, REFERENCE)
        return ask(process, *task)

    before = mask.read_bytes()
    monkeypatch.setattr(WorkerProcess, "ask", replaced_before)
    (case,) = _scored(request).cases
    assert case.mean_dice == 1
    monkeypatch.setattr(WorkerProcess, "ask", ask)
    mask.write_bytes(before)
    (again,) = _scored(request).cases
    assert again.mean_dice < 1  # not the score of what was there for a moment


@pytest.mark.parametrize("fresh", [True, False])
def test_half_done_results_are_not_kept_through_a_link(tmp_path: Path, fresh: bool) -> None:
    precious = tmp_path / "thesis.tex"
    precious.write_text("precious")
    (tmp_path / "cases.jsonl").symlink_to(precious)
    request = _request(tmp_path, 1, partial=tmp_path / "cases.jsonl", fresh=fresh)
    if fresh:
        _scored(request)
        assert not (tmp_path / "cases.jsonl").is_symlink()
    else:
        with pytest.raises(SaveError, match="no link is followed here"):
            _scored(request)
    assert precious.read_text() == "precious"


def test_a_result_does_not_outlive_the_scheme_it_was_read_by(tmp_path: Path) -> None:
    """A scheme of one's own that was corrected kept its old scores, and said nothing."""
    task = _job(tmp_path)
    mine = replace(scheme_named("brats2020"), name="mine")
    swapped = replace(mine, labels={**mine.labels, 1: mine.labels[2], 2: mine.labels[1]})
    keys = [replace(task, chosen=ChosenSchemes(scheme, scheme)).key() for scheme in (mine, swapped, mine)]
    assert keys[0] == keys[2] != keys[1]


def test_a_result_does_not_outlive_a_measure_of_a_plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = _job(tmp_path)
    before = task.key()
    plug_in = SimpleNamespace(name="shape", package="somebody-shape", version="2.0")
    monkeypatch.setattr("brainseg_gui.evaluation.cohorts.scoring_task.plug_ins", lambda group: (plug_in,))
    assert task.key() != before


def test_people_who_are_numbered_by_group_are_no_visits(tmp_path: Path) -> None:
    """Two groups of three were two patients: intervals and tests took visits for what were people."""
    cases = [f"{group}_{number:03}" for group in ("HGG", "LGG") for number in range(1, 4)]
    pairs = [Pair(name, tmp_path / f"{name}_seg.nii.gz", tmp_path / f"{name}_pred.nii.gz", None, "") for name in cases]
    assert patients_in(pairs, tmp_path) == {name: name for name in cases}
    visits = [replace(pair, case_id=f"{pair.case_id[:3]}_visit{number}") for number, pair in enumerate(pairs)]
    assert set(patients_in(visits, tmp_path).values()) == {"HGG", "LGG"}
