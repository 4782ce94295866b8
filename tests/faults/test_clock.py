"""The clock is set back, or the time zone changes: nothing is negative, nothing waits for the future."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.edits import EditSource
from brainseg_gui.annotation.history import History
from brainseg_gui.annotation.journal import study_lock
from brainseg_gui.annotation.provenance import Origin, provenance, seconds_of_work
from brainseg_gui.controllers.annotating.restoring.unsaved_words import moment_of
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.config_file import with_changes
from brainseg_gui.runs.events import Event
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.runs.run_status import RunStatus, status_of
from brainseg_gui.state.training.run_reader import RunNews, condensed
from brainseg_gui.state.training.run_record import RunRecord
from brainseg_gui.state.training.run_words import duration, status_sentence
from tests.annotation.test_records import _edited

HOUR = 3600.0


def record_of(times: list[float], **changes: str) -> RunRecord:
    """A run of steps of 2 s each whose clock showed these times; the first is that of its start."""
    start, *steps = times
    events = [Event("started", start, {"host": "elsewhere", "pid": 1})]
    events += [Event("step", t, {"step": n, "epoch": 1, "loss": 1.0, "seconds": 2.0}) for n, t in enumerate(steps, 1)]
    config = with_changes(TrainingConfig(), changes)
    record = RunRecord(RunFolder(Path("run")))
    record.apply(RunNews(tuple(condensed(events)), None, RunStatus.RUNNING, None, False, False, config, ""))
    return record


BACK = [1000 * HOUR + 2 * n for n in range(20)] + [990 * HOUR + 2 * n for n in range(20)]


def test_a_run_has_no_negative_times_when_the_clock_is_set_back() -> None:
    record = record_of(BACK, **{"length.steps": "100", "length.hours": "0"})
    assert record.step == 39
    assert record.seconds_left == pytest.approx(61 * 2.0)
    assert 0 <= record.done <= 1
    hours = record_of(BACK, **{"length.steps": "0", "length.epochs": "0", "length.hours": "1"})
    assert hours.done == pytest.approx(39 * 2 / HOUR)
    assert hours.seconds_left == pytest.approx(HOUR - 39 * 2)


def test_an_estimate_by_a_clock_that_stands_still_is_that_of_the_steps() -> None:
    record = record_of([1000 * HOUR] * 11, **{"length.steps": "20", "length.hours": "0"})
    assert record.seconds_left == pytest.approx(10 * 2.0)


def test_news_from_the_future_is_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    for ahead, status in ((-10.0, RunStatus.RUNNING), (60.0, RunStatus.RUNNING), (10 * HOUR, RunStatus.SILENT)):
        events = [Event("started", now + ahead, {"host": "elsewhere", "pid": 1})]
        assert status_of(events) is status
    record = record_of([now + 10 * HOUR, now + 10 * HOUR])
    record.status = RunStatus.SILENT
    assert status_sentence(record) == "No news from elsewhere. It may have ended, or the disk is away."
    record.last_time = now - 600
    assert status_sentence(record).startswith("No news from elsewhere for 10 min")


def test_a_stop_that_was_asked_for_in_the_future_is_still_asked_for() -> None:
    record = record_of([0.0, 2.0])
    record.stop_asked_at = time.time() + HOUR
    assert status_sentence(record).startswith("Stopping. The run ends after this step")
    assert "-" not in status_sentence(record)


def test_a_lock_that_says_nothing_does_not_bar_the_study_until_the_clock_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "study.lock"
    path.write_bytes(b"")
    ahead = time.time() + 24 * HOUR
    os.utime(path, (ahead, ahead))
    study_lock.acquire(path).release()
    path.write_bytes(b"")  # but one that is being written does
    with pytest.raises(study_lock.LockedError):
        study_lock.acquire(path)


def test_a_lock_taken_in_the_future_is_stale_when_its_process_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "study.lock"
    mine = study_lock.acquire(path)
    holder = json.loads(path.read_text())
    mine.release()
    path.write_text(json.dumps(holder | {"since": time.time() + 1000 * HOUR, "started": "another boot"}))
    study_lock.acquire(path).release()


def test_the_note_beside_a_mask_is_in_order() -> None:
    annotation, _ = _edited()
    edits = [
        replace(edit, source=EditSource("brush", made=made))
        for edit, made in zip(annotation.history.edits[:2], (2000.0, 1000.0), strict=True)
    ]
    history = History(edits, 2)
    assert seconds_of_work(history.applied) >= 0
    found = provenance(annotation.snapshot(), history, Origin("", "empty"))
    assert found["edits"]["first"] < found["edits"]["last"]
    assert found["edits"]["seconds_of_work"] >= 0
    assert isinstance(annotation, Annotation)


def test_the_journal_keeps_its_order_whatever_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from brainseg_gui.annotation.journal.journal import Journal
    from brainseg_gui.annotation.journal.journal_fields import JournalHeader
    from brainseg_gui.annotation.journal.journal_replay import restored

    annotation, start = _edited()
    lock = study_lock.acquire(tmp_path / "study.lock")
    header = JournalHeader("ab" * 20, start.grid.shape, start.scheme, "Toy", "empty", "", time.time(), "0", "")
    journal = Journal(tmp_path / "x.journal", header, lock)
    journal.follow(History(annotation.history.edits, 0), start.values)
    now = time.time()
    for position in range(1, len(annotation.history.edits) + 1):
        monkeypatch.setattr(time, "time", lambda position=position: now - position * HOUR)
        part = Annotation(start, History(annotation.history.edits, 0))
        part.jump(position)
        journal.follow(part.history, part.settled)
    found = restored(journal.path, header.study, start.grid.shape)
    assert [edit.name for edit in found.history.edits] == [edit.name for edit in annotation.history.edits]
    assert (found.values == part.settled).all()
    lock.release()


def test_a_moment_is_told_in_the_time_zone_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    class Note:
        made = 1_700_000_000.0  # 14 November 2023, 22:13 in London

    for zone, words in (("Europe/London", "14 November 2023 at 22:13"), ("Asia/Tokyo", "15 November 2023 at 07:13")):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        try:
            assert moment_of(Note()) == f"on {words}"  # type: ignore[arg-type]
        finally:
            monkeypatch.undo()
            time.tzset()


def test_work_of_the_future_is_told_as_such() -> None:
    class Note:
        made = time.time() + 400 * 24 * HOUR

    assert moment_of(Note()).endswith(" by a clock that ran ahead")  # type: ignore[arg-type]


def test_durations_are_never_negative_nonsense() -> None:
    assert duration(0.0) == "0 s"
    assert duration(float("nan")) == "–"
