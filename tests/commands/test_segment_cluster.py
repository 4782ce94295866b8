"""``segment --cluster``: the bytes of one process, nothing done twice, each fault said; workers in this process."""

from __future__ import annotations

import argparse
import errno
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from brainseg_gui.commands import segment
from brainseg_gui.commands.segmenting.cluster import segment_on_cluster
from brainseg_gui.commands.segmenting.jobs import plan_jobs
from brainseg_gui.errors import BrainsegError, SaveError
from brainseg_gui.execution.claim import claimed
from brainseg_gui.execution.manifest import FOLDER, read_manifest
from brainseg_gui.execution.run import UnfitWorkerError
from brainseg_gui.imaging.file_mark import FileMark
from brainseg_gui.inference.cohorts import case_record, case_task, mask_entry
from brainseg_gui.inference.cohorts.cohort import CohortSegmentation
from brainseg_gui.inference.models.model_folder import default_model, read_model_folder
from tests.execution import stand_in_engine
from tests.execution.stand_in_engine import StandInEngine

distributed = pytest.importorskip("distributed")
ToyCase = Callable[..., Path]


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0") as made:
        yield made.scheduler_address


@pytest.fixture
def cohort(tmp_path: Path, toy_case: ToyCase) -> Path:
    for seed, name in enumerate("ABC"):
        toy_case(tmp_path / "cohort", case_id=name, seed=seed, shape=(12, 14, 10))
    return tmp_path / "cohort"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(default_model().path, folder)
    return folder


@pytest.fixture
def call(scheduler: str, cohort: Path, model: Path, tmp_path: Path) -> Callable[..., int]:
    """A call of the command, which returns its code; what the network saw is in `stand_in_engine.seen`."""

    def run(*words: object, task: Any = stand_in_engine.segment) -> int:
        parser = argparse.ArgumentParser()
        segment.add_parser(parser.add_subparsers())
        given = [cohort, "-o", tmp_path / "out", "--model", model, "--cluster", scheduler, *words]
        args = parser.parse_args(["segment", *map(str, given)])
        stand_in_engine.seen.clear()
        return segment_on_cluster(args, read_model_folder(args.model), task)

    case_task._verified.cache_clear()
    return run


def masks(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.nii.gz")}


def saw() -> list[str]:
    return sorted(stand_in_engine.seen)


def test_the_bytes_are_those_of_one_process_and_a_second_call_does_nothing(
    call: Callable[..., int], cohort: Path, model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert call() == 0
    assert saw() == ["A", "B", "C"]
    jobs = plan_jobs([cohort], tmp_path / "alone")
    sources = [job.source for job in jobs if job.source is not None]
    work = CohortSegmentation(StandInEngine(), read_model_folder(model), None, cohort=sources)  # type: ignore[arg-type]
    with closing(work.run(jobs)) as steps:
        list(steps)
    assert masks(tmp_path / "out") == masks(tmp_path / "alone")
    assert len(masks(tmp_path / "out")) == 3
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*masks(tmp_path / "out"), FOLDER}
    assert not list((tmp_path / "out" / FOLDER).glob("*.lock"))
    capfd.readouterr()
    assert call("--json") == 0
    assert saw() == []
    told = capfd.readouterr()
    assert [json.loads(line)["known"] for line in told.out.splitlines()] == [True] * 3
    assert "3 of 3 masks are there, 3 of them done before" in told.err


def test_what_changed_is_done_again_and_nothing_else(call: Callable[..., int], cohort: Path, tmp_path: Path) -> None:
    call()
    before = masks(tmp_path / "out")
    shutil.copy(cohort / "C" / "C_t1ce.nii.gz", cohort / "B" / "B_t1ce.nii.gz")
    assert call() == 0
    assert saw() == ["B"]
    after = masks(tmp_path / "out")
    assert {name for name in after if after[name] != before[name]} == {"B_pred.nii.gz"}
    (tmp_path / "out" / "A_pred.nii.gz").unlink()
    assert call() == 0
    assert saw() == ["A"]
    assert masks(tmp_path / "out") == after


@pytest.mark.parametrize("modified_ns", [1, 4_102_444_800_000_000_000], ids=["1970", "2100"])
def test_files_that_were_only_touched_are_read_not_segmented(
    call: Callable[..., int], cohort: Path, modified_ns: int
) -> None:
    """As of a clock that goes wrong, or a copy."""
    call()
    os.utime(cohort / "A" / "A_t1.nii.gz", ns=(modified_ns, modified_ns))
    os.utime(cohort.parent / "out" / "B_pred.nii.gz", ns=(modified_ns, modified_ns))
    assert call() == 0
    assert saw() == []
    entries = read_manifest(cohort.parent / "out")["A_pred.nii.gz"]
    assert entries[-1].inputs[str(cohort / "A" / "A_t1.nii.gz")].modified_ns == modified_ns  # not read by the next call


def test_another_model_or_other_settings_make_all_anew(call: Callable[..., int], model: Path) -> None:
    call()
    passport = model / "model.json"
    passport.write_text(passport.read_text() + "\n")
    assert call() == 0
    assert saw() == ["A", "B", "C"]
    assert call("--precision", "float32") == 0
    assert saw() == ["A", "B", "C"]


def test_a_mask_that_somebody_changed_is_kept(
    call: Callable[..., int], cohort: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    call()
    mask = tmp_path / "out" / "A_pred.nii.gz"
    mask.write_bytes(b"corrected by hand")
    assert call() == 1
    assert saw() == []
    assert mask.read_bytes() == b"corrected by hand"
    told = capfd.readouterr().err
    assert "A_pred.nii.gz: the file exists" in told
    assert "1 of 3 cases failed: A" in told
    assert call("--overwrite") == 0
    assert saw() == ["A"]
    assert mask.read_bytes() != b"corrected by hand"


def test_a_mask_that_no_run_made_stops_all_before_it_begins(call: Callable[..., int], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "B_pred.nii.gz").write_text("precious")
    with pytest.raises(SaveError, match="the file exists"):
        call()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["B_pred.nii.gz"]


def test_a_bad_case_is_told_logged_and_tried_again(
    call: Callable[..., int], cohort: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    image = cohort / "B" / "B_t2.nii.gz"
    whole = image.read_bytes()
    image.write_bytes(whole[:300])
    assert call() == 2
    log = tmp_path / "out" / FOLDER / "failed" / "B.txt"
    assert "B_t2.nii.gz" in log.read_text()
    assert "Traceback" in log.read_text()
    told = capfd.readouterr().err
    assert "2 of 3 masks are there" in told
    assert f"Why stands in {log.parent}. The same command tries these again, and no other." in told
    image.write_bytes(whole)
    assert call() == 0
    assert saw() == ["B"]
    assert not log.parent.exists()


@pytest.mark.parametrize("what", ["version", "no model", "other weights", "other passport"])
def test_a_worker_that_is_not_alike_does_nothing(
    call: Callable[..., int], model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def elsewhere(record: dict[str, Any]) -> dict[str, Any]:
        """The task as a worker meets it whose computer has something else."""
        if what == "version":
            return stand_in_engine.segment({**record, "program": "0.0.9"})
        if what == "no model":
            return stand_in_engine.segment({**record, "model": [str(tmp_path / "gone"), *record["model"][1:]]})
        if what == "other weights":
            weights = read_model_folder(model).weights_path
            weights.write_bytes(weights.read_bytes()[:-1])
        else:
            (model / "model.json").write_text((model / "model.json").read_text() + " ")
        return stand_in_engine.segment(record)

    sentence = "the worker .* has brainseg .*, and 0.0.9 is asked for" if what == "version" else "cannot use the model"
    with pytest.raises(UnfitWorkerError, match=sentence):
        call(task=elsewhere)
    assert masks(tmp_path / "out") == {}


def test_two_clients_share_a_folder_and_make_each_mask_once(call: Callable[..., int], tmp_path: Path) -> None:
    """The second has planned when the first made a mask: its worker finds the entry, and segments nothing."""
    inner: list[int] = []

    def beside(record: dict[str, Any]) -> dict[str, Any]:
        if not inner:
            inner.append(1)
            task_here = {**record, "claim": record["claim"]}
            assert "known" not in stand_in_engine.segment(task_here)  # the other client's worker is first
        return stand_in_engine.segment(record)

    assert call("--json", task=beside) == 0
    assert len(saw()) == 3  # not four
    assert all(len(entries) == 1 for entries in read_manifest(tmp_path / "out").values())


def test_a_client_with_another_model_is_refused_while_the_first_works(call: Callable[..., int], tmp_path: Path) -> None:
    (tmp_path / "out" / FOLDER).mkdir(parents=True)
    with claimed(tmp_path / "out" / FOLDER, "another key"), pytest.raises(SaveError, match="a run with another model"):
        call()
    assert call() == 0


def test_a_worker_of_a_run_that_has_ended_writes_nothing(call: Callable[..., int], tmp_path: Path) -> None:
    def cancelled(record: dict[str, Any]) -> dict[str, Any]:
        Path(record["claim"]).unlink(missing_ok=True)
        return stand_in_engine.segment(record)

    assert call(task=cancelled) == 1
    assert masks(tmp_path / "out") == {}
    assert not (tmp_path / "out" / FOLDER).exists() or not list((tmp_path / "out" / FOLDER).glob("*.jsonl"))


def test_images_that_change_while_they_are_read_give_no_mask(
    call: Callable[..., int], cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = mask_entry.mark_of

    def slow(path: Path) -> FileMark:
        if path.name == "A_t2.nii.gz":
            path.write_bytes(path.read_bytes() + b"\0")
        return marked(path)

    monkeypatch.setattr(mask_entry, "mark_of", slow)
    assert call() == 1
    assert {*masks(tmp_path / "out")} == {"B_pred.nii.gz", "C_pred.nii.gz"}


def test_a_drive_that_is_full_for_a_moment_costs_another_try(
    call: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter, full = mask_entry.MaskEntry.enter, ["B"]

    def entering(work: Any, mask: Path, **told: Any) -> None:
        if work.task.source.case_id in full:
            full.clear()
            raise OSError(errno.ENOSPC, "No space left on device")
        enter(work, mask, **told)

    monkeypatch.setattr(mask_entry.MaskEntry, "enter", entering)
    assert call() == 0
    assert saw() == ["A", "B", "B", "C"]
    assert {len(entries) for entries in read_manifest(tmp_path / "out").values()} == {1}
    assert not list((tmp_path / "out").glob(".brainseg-*"))


def test_a_drive_that_stands_still_for_one_case_holds_up_no_other_worker(
    call: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked, others_done = mask_entry.mark_of, threading.Event()

    def slow(path: Path) -> FileMark:
        if path.name == "A_t2.nii.gz":
            assert others_done.wait(60)
        return marked(path)

    def named(work: Any, mask: Path, **told: Any) -> None:
        enter(work, mask, **told)
        ended.append(work.task.source.case_id)
        if len(ended) == 2:
            others_done.set()

    enter, ended = mask_entry.MaskEntry.enter, list[str]()
    monkeypatch.setattr(mask_entry, "mark_of", slow)
    monkeypatch.setattr(mask_entry.MaskEntry, "enter", named)
    monkeypatch.setattr(case_task, "_ONE_CASE", nullcontext())  # these workers are threads, and would share it
    assert call() == 0
    assert (sorted(ended[:2]), ended[2:]) == (["B", "C"], ["A"])
    assert len(masks(tmp_path / "out")) == 3


def test_a_worker_that_dies_between_entry_and_mask_leaves_nothing_undone(
    call: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter = mask_entry.MaskEntry.enter

    def dying(work: Any, mask: Path, **told: Any) -> None:
        enter(work, mask, **told)
        if work.task.source.case_id == "B":
            raise OSError(5, "the power is gone")

    with monkeypatch.context() as power:
        power.setattr(mask_entry.MaskEntry, "enter", dying)
        assert call("--retries", 0) == 1
    assert {*masks(tmp_path / "out")} == {"A_pred.nii.gz", "C_pred.nii.gz"}
    assert call() == 0
    assert saw() == ["B"]


def test_cancel_gives_up_what_waits_and_writes_nothing_half(
    call: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, begun = stand_in_engine.gate, stand_in_engine.begun
    gate.clear()
    begun.clear()

    def interrupt(*_: object) -> None:
        if begun.is_set():
            raise KeyboardInterrupt

    monkeypatch.setattr("brainseg_gui.commands.segmenting.cluster._ClusterProgress.tell", interrupt)
    with pytest.raises(KeyboardInterrupt):
        call(task=stand_in_engine.segment_at_gate)
    gate.set()
    monkeypatch.undo()
    assert call() == 0  # waits for its turn behind what was begun, which writes nothing
    assert {len(entries) for entries in read_manifest(tmp_path / "out").values()} == {1}
    assert not list(tmp_path.glob(f"out/{FOLDER}/*.lock"))


def test_a_record_comes_back_as_it_went(cohort: Path, model: Path, tmp_path: Path) -> None:
    jobs: Sequence[Any] = plan_jobs([cohort], tmp_path / "out")
    settings = case_record.RunSettings(
        case_record.ModelIdentity.of(read_model_folder(model)),
        case_record.SegmentOptions("cpu", "float32"),
        case_record.RegridPolicy.NEAREST,
        True,
        tmp_path / "claim",
    )
    votes = {Path("x/y"): case_record.Vote("brats2020", frozenset({1, 4}), False, "flat")}
    record = case_record.CaseRecord(settings, jobs[0], votes)
    back = case_record.CaseRecord.of_record(json.loads(json.dumps(record.as_record())))
    assert (back.settings, back.job, dict(back.votes), back.key) == (settings, jobs[0], votes, record.key)


def test_a_log_follows_no_link_out_of_the_folder(call: Callable[..., int], cohort: Path, tmp_path: Path) -> None:
    image = cohort / "B" / "B_t2.nii.gz"
    image.write_bytes(image.read_bytes()[:300])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "out" / FOLDER).mkdir(parents=True)
    (tmp_path / "out" / FOLDER / "failed").symlink_to(elsewhere)
    assert call() == 2
    assert list(elsewhere.iterdir()) == []
    assert len(masks(tmp_path / "out")) == 2


def test_resample_is_refused_where_no_case_has_a_mask(call: Callable[..., int], cohort: Path, tmp_path: Path) -> None:
    for mask in cohort.glob("*/*_seg.nii.gz"):
        mask.unlink()
    with pytest.raises(BrainsegError, match="none of these has one"):
        call("--resample")
    assert not (tmp_path / "out").exists()


def test_a_cluster_without_workers_is_said_and_waited_for(
    call: Callable[..., int], capfd: pytest.CaptureFixture[str]
) -> None:
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty:
        wait = Timer(1.5, lambda: empty.scale(1))
        wait.start()
        assert call("--cluster", empty.scheduler_address) == 0
        wait.join()
    told = capfd.readouterr().err
    assert told.count("no worker is there yet: the run goes on when the cluster has one") == 1
    assert "3 of 3 masks are there" in told


@pytest.mark.parametrize("option", ["processes", "retries"])
def test_what_is_for_a_cluster_is_refused_without_one(cohort: Path, tmp_path: Path, option: str) -> None:
    parser = argparse.ArgumentParser()
    segment.add_parser(parser.add_subparsers())
    args = parser.parse_args(["segment", str(cohort), "-o", str(tmp_path / "out"), f"--{option}", "2"])
    with pytest.raises(BrainsegError, match=f"--{option} is for --cluster"):
        args.run(args)
