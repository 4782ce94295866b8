"""Runs as they are followed: curves, half-written lines, resumes, deaths, and 100,000 steps."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.faults.process_mark import since_of
from brainseg_gui.runs import events
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.config_file import with_changes
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.runs.run_status import RunStatus
from brainseg_gui.state.training import curve
from brainseg_gui.state.training.curve import Curve, running_mean
from brainseg_gui.state.training.run_reader import RunReader
from brainseg_gui.state.training.run_record import RunRecord
from brainseg_gui.state.training.run_values import Best
from brainseg_gui.state.training.run_watch import RunWatch
from brainseg_gui.state.training.run_words import (
    amount,
    duration,
    estimate_sentence,
    memory,
    short_status,
    status_sentence,
    stop_now_sentence,
)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    changes = {"length.epochs": "10", "length.steps_per_epoch": "4", "sampling.batch": "2"}
    return RunFolder.create(tmp_path / "run", with_changes(TrainingConfig(), changes))


def write(folder: RunFolder, *events: tuple[str, dict[str, Any]], at: float | None = None) -> None:
    moment = time.time() if at is None else at
    with folder.events_file.open("a") as stream:
        for kind, values in events:
            stream.write(json.dumps({"event": kind, "time": moment, **values}) + "\n")


def started(resumed_from: int = 0, **values: Any) -> tuple[str, dict[str, Any]]:
    return "started", {"host": socket.gethostname(), "pid": os.getpid(), "resumed_from": resumed_from, **values}


def step(number: int, loss: float = 1.0, **values: Any) -> tuple[str, dict[str, Any]]:
    defaults = {"learning_rate": 0.001, "seconds": 0.5, "waiting": 0.02, "epoch": (number - 1) // 4 + 1}
    return "step", {"step": number, "loss": loss, **defaults, **values}


def epoch(number: int, **metrics: float) -> tuple[str, dict[str, Any]]:
    return "epoch", {"epoch": number, "step": 4 * number, "metrics": metrics}


def follow(folder: RunFolder) -> tuple[RunRecord, Any]:
    record, reader = RunRecord(folder), RunReader(folder)

    def look() -> RunRecord:
        record.apply(reader.read())
        return record

    return record, look


# curves


def curve_of(values: Iterable[float], first: int = 1) -> Curve:
    array = np.array(list(values), float)
    curve = Curve()
    curve.extend(np.arange(first, first + len(array), dtype=float), array)
    return curve


def test_a_curve_grows_beyond_its_first_room() -> None:
    curve = Curve()
    for first in range(1, 5001, 7):
        steps = np.arange(first, first + 7, dtype=float)
        curve.extend(steps, steps * 2)
    assert len(curve) == 715 * 7
    np.testing.assert_array_equal(curve.steps, np.arange(1, 715 * 7 + 1))
    np.testing.assert_array_equal(curve.values, 2 * curve.steps)


def test_steps_that_come_again_replace_what_was_there() -> None:
    curve = curve_of([5, 5, 5, 5])
    curve.extend(np.array([3.0, 4.0]), np.array([7.0, 8.0]))
    np.testing.assert_array_equal(curve.steps, [1, 2, 3, 4])
    np.testing.assert_array_equal(curve.values, [5, 5, 7, 8])


def test_values_that_are_not_finite_are_gaps() -> None:
    curve = curve_of([1, float("inf"), float("nan"), 2])
    np.testing.assert_array_equal(np.isnan(curve.values), [False, True, True, False])


def test_the_value_at_a_step_is_the_nearest_one() -> None:
    curve = curve_of([10, 20, 30], first=1)
    assert [curve.at(s) for s in (1, 1.4, 1.6, 3, 3.4)] == [10, 10, 20, 30, 30]
    assert np.isnan(curve.at(4))
    assert np.isnan(curve.at(0))
    assert np.isnan(Curve().at(1))


def test_running_mean_by_hand() -> None:
    np.testing.assert_allclose(running_mean(np.array([1.0, 2, 6, 3]), 3), [1.5, 3, 11 / 3, 4.5])
    nan = float("nan")
    np.testing.assert_allclose(running_mean(np.array([1.0, nan, 5, 7]), 3), [1, nan, 6, 6])


def test_thinning_keeps_the_extremes_and_does_not_flicker() -> None:
    values = np.zeros(100_000)
    values[54_321], values[77_777] = 9.0, -9.0
    curve = curve_of(values)
    x, y = curve.thinned(0, 100_000, 800)
    assert len(x) <= 2 * 800
    assert y.max() == 9
    assert y.min() == -9
    assert abs(float(x[y.argmax()]) - 54_322) <= 128
    curve.extend(np.array([100_001.0]), np.array([0.0]))
    grown, _ = curve.thinned(0, 100_001, 800)
    np.testing.assert_array_equal(grown[: len(x)], x)


def test_thinning_gives_single_values_where_there_is_room() -> None:
    curve = curve_of(range(1000))
    x, y = curve.thinned(500, 510, 800)
    np.testing.assert_array_equal(x, np.arange(499, 512))
    np.testing.assert_array_equal(y, x - 1)


# one run


def test_a_run_is_followed_step_by_step(folder: RunFolder) -> None:
    record, look = follow(folder)
    look()
    assert (record.status, record.step, record.total_steps) == (RunStatus.PREPARED, 0, 40)
    write(folder, started(), *(step(n, loss=1 / n) for n in range(1, 5)), epoch(1, loss=0.5, val_dice_wt=0.25))
    look()
    assert (record.status, record.step, record.epoch) == (RunStatus.RUNNING, 4, 1)
    np.testing.assert_allclose(record.curves["loss"].values, [1, 1 / 2, 1 / 3, 1 / 4])  # not the epoch's mean
    np.testing.assert_array_equal(record.curves["val_dice_wt"].steps, [4])
    assert record.seconds_per_step == 0.5
    assert record.waiting_share == 0.02
    assert record.patches_per_second == 4
    assert record.done == pytest.approx(0.1)
    write(folder, step(5, loss=0.2))
    look()
    assert len(record.curves["loss"]) == 5
    assert record.curves["loss"].last == pytest.approx(0.2)


def test_a_half_written_line_waits_for_its_end(folder: RunFolder) -> None:
    record, look = follow(folder)
    write(folder, started(), step(1))
    line = json.dumps({"event": "step", "time": time.time(), **step(2)[1]})
    with folder.events_file.open("a") as stream:
        stream.write(line[:30])
    look()
    assert record.step == 1
    with folder.events_file.open("a") as stream:
        stream.write(line[30:] + "\n")
    look()
    assert record.step == 2
    assert len(record.curves["loss"]) == 2


def test_lines_that_are_nonsense_hide_nothing(folder: RunFolder) -> None:
    record, look = follow(folder)
    write(folder, started(), step(1))
    with folder.events_file.open("a") as stream:
        stream.write('garbage\n{"event": 3}\n[1]\n')
    write(folder, ("step", {"step": "two", "loss": None}), step(2), ("epoch", {"metrics": 7}), ("validated", {}))
    look()
    assert record.step == 2
    assert len(record.curves["loss"]) == 2


def test_nan_loss_is_a_gap_and_the_curve_goes_on(folder: RunFolder) -> None:
    record, look = follow(folder)
    write(folder, started(), step(1, 0.5), step(2, float("nan")), step(3, 0.25))
    look()
    np.testing.assert_array_equal(np.isnan(record.curves["loss"].values), [False, True, False])


def test_a_resume_replaces_what_the_crash_lost(folder: RunFolder) -> None:
    record, look = follow(folder)
    write(folder, started(), *(step(n, 1.0) for n in range(1, 8)), epoch(1, val_loss=1.0))
    write(folder, started(resumed_from=4))
    look()
    assert record.step == 4
    assert len(record.curves["loss"]) == 4
    assert len(record.curves["val_loss"]) == 1
    write(folder, step(5, 0.5))
    look()
    np.testing.assert_array_equal(record.curves["loss"].steps, [1, 2, 3, 4, 5])
    assert record.curves["loss"].last == 0.5


def test_a_run_that_begins_anew_keeps_no_old_curve(folder: RunFolder) -> None:
    record, look = follow(folder)
    write(folder, started(), step(1), step(2), ("failed", {"message": "The disk is full"}))
    look()
    assert record.status is RunStatus.FAILED
    assert "The disk is full." in status_sentence(record)
    write(folder, started(), step(1, 0.75))
    look()
    assert record.status is RunStatus.RUNNING
    np.testing.assert_array_equal(record.curves["loss"].values, [0.75])


def test_a_run_whose_process_is_gone_has_died(folder: RunFolder) -> None:
    record, look = follow(folder)
    write(folder, started(pid=2**22 + 1), step(1))
    look()
    assert record.status is RunStatus.DIED
    assert "Resume" in status_sentence(record)


def test_a_run_elsewhere_falls_silent(folder: RunFolder) -> None:
    record, look = follow(folder)
    write(folder, started(host="far-away"), step(1), at=time.time() - 3600)
    look()
    assert record.status is RunStatus.SILENT
    assert "far-away" in status_sentence(record)
    write(folder, step(2))
    look()
    assert record.status is RunStatus.RUNNING


def test_time_left_counts_what_is_between_steps(folder: RunFolder) -> None:
    record, look = follow(folder)
    now = time.time()
    write(folder, started(), at=now - 100)
    for number in range(1, 5):
        write(folder, step(number), at=now + 2.0 * number)  # 2 s by the clock, though a step takes 0.5 s
    look()
    assert record.seconds_left == pytest.approx(2.0 * 36)


def test_messages_and_pictures(folder: RunFolder) -> None:
    record, look = follow(folder)
    write(
        folder,
        started(),
        ("checked", {"problems": ["Case 7 has no mask"]}),
        ("warning", {"message": "The loss was not a number"}),
        ("validated", {"epoch": 2, "case": "B", "dice": {"WT": 0.5}, "picture": "pictures/2.png"}),
        ("validated", {"epoch": 1, "case": "B", "dice": {}, "picture": None}),
        ("validated", {"epoch": 1, "case": "A", "dice": {}, "picture": "a.png"}),
    )
    look()
    assert [(m.text, m.problem) for m in record.messages[1:]] == [
        ("Case 7 has no mask", True),
        ("The loss was not a number", True),
    ]
    assert record.cases == ["B", "A"]
    assert [(v.epoch, v.picture) for v in record.of_case("B")] == [(1, None), (2, folder.path / "pictures/2.png")]


def test_the_log_is_its_last_lines_without_progress_bars(folder: RunFolder) -> None:
    record, look = follow(folder)
    folder.log_file.write_bytes(b"one\n\x1b[32mtwo\x1b[0m\n 1/9 bar\r 9/9 bar\n")
    look()
    assert record.log == ("one", "two", " 9/9 bar")
    with folder.log_file.open("a") as stream:
        stream.write("".join(f"line {n}\n" for n in range(300)))
    look()
    assert len(record.log) == 200
    assert record.log[-1] == "line 299"


def test_a_configuration_that_cannot_be_read_is_said(folder: RunFolder) -> None:
    folder.config_file.write_text("[length]\nepochs = -3\n")
    record, look = follow(folder)
    look()
    assert "at least 0" in status_sentence(record)
    assert short_status(record) == "not readable"


def test_a_hundred_thousand_steps_are_cheap(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [json.dumps({"event": "step", "time": 1.0 + n, **step(n)[1]}) for n in range(1, 100_001)]
    write(folder, started())
    with folder.events_file.open("a") as stream:
        stream.write("\n".join(lines) + "\n")
    record, look = follow(folder)
    look()
    assert record.step == 100_000
    assert len(record.curves["loss"]) == 100_000
    write(folder, step(100_001))
    parsed: list[bytes] = []
    monkeypatch.setattr(events, "json_of", lambda line: parsed.append(line) or json.loads(line))
    look()
    assert len(parsed) == 1  # what came since the last look
    means: list[int] = []
    monkeypatch.setattr(curve, "running_mean", lambda *given: means.append(1) or running_mean(*given))
    for low in range(10):
        steps, _ = record.curves["loss"].thinned(low, 100_001, 1000, window=100)
        assert len(steps) <= 2010
    assert means == [1]  # kept from one drawing to the next


# all runs


def test_known_runs_keep_their_curves_when_others_come(tmp_path: Path) -> None:
    first, second = (RunFolder.create(tmp_path / name, TrainingConfig()) for name in "ab")
    watch, changes = RunWatch(), []
    watch.runs_changed.connect(lambda: changes.append(len(watch.records)))
    watch.set_runs([first])
    known = watch.records[0]
    watch.set_runs([second, first])
    watch.set_runs([second, first])
    assert changes == [1, 2]
    assert watch.records[1] is known


def test_choosing_and_letters(tmp_path: Path) -> None:
    watch = RunWatch()
    watch.set_runs([RunFolder.create(tmp_path / name, TrainingConfig()) for name in "abc"])
    a, b, c = watch.records
    watch.choose(a)
    assert watch.shown == (a,)
    assert watch.letter_of(a) == ""
    watch.choose(b, (a, b))
    assert (watch.letter_of(a), watch.letter_of(b), watch.letter_of(c)) == ("A", "B", "")
    watch.set_runs([a.folder, c.folder])
    assert watch.chosen is a
    assert watch.shown == (a,)
    watch.set_runs([])
    assert watch.chosen is None
    assert watch.shown == ()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.42, "0.42 s"), (42, "42 s"), (61, "1 min 1 s"), (3600, "1 h"), (4320, "1 h 12 min"), (200_000, "2 d 7 h")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_numbers_that_are_unknown_are_dashes() -> None:
    nan = float("nan")
    assert duration(nan) == amount(nan) == memory(nan) == "–"
    assert (memory(12.3e9), memory(5e8), amount(0.00012345)) == ("12.3 GB", "500 MB", "0.0001234")


# the best epoch, and ends at once


def model(**values: Any) -> tuple[str, dict[str, Any]]:
    return "model", {"folder": "model", **values}


def test_the_best_epoch_is_that_of_the_last_better_model(folder: RunFolder) -> None:
    _, look = follow(folder)
    scores = {"loss": 0.5, "val_dice_mean": 0.25}
    write(folder, started(), epoch(1, **scores), model(metrics=scores, epoch=1, step=4, judged_by="val_dice_mean"))
    assert look().best == Best(1, 4, "val_dice_mean", 0.25)
    scores = {"loss": 0.25, "val_dice_mean": 0.5}
    write(folder, epoch(2, **scores), model(metrics=scores, epoch=2, step=8, judged_by="val_dice_mean"))
    assert look().best == Best(2, 8, "val_dice_mean", 0.5)
    write(folder, started(6))  # a crash: the second epoch is trained again
    assert look().best == Best(1, 4, "val_dice_mean", 0.25)


def test_the_best_epoch_of_an_older_run_is_read_from_its_metrics(folder: RunFolder) -> None:
    _, look = follow(folder)
    write(folder, started(), epoch(1, loss=0.5), model(metrics={"loss": 0.5}), epoch(2, loss=0.75))
    assert look().best == Best(1, 4, "loss", 0.5)
    write(folder, ("stopped", {"step": 9}), model(metrics={"loss": 0.7}))  # written because the run ended
    assert look().best == Best(1, 4, "loss", 0.5)


def test_an_end_at_once_says_where_resume_goes_on(folder: RunFolder) -> None:
    record, look = follow(folder)
    write(folder, started(), step(1), step(2), ("checkpoint", {"step": 2}), step(3))
    assert look().checkpoint == 2
    assert stop_now_sentence(record).endswith("the 1 step is lost that came after the checkpoint of step 2")
    write(folder, ("stopped", {"step": 3, "checkpoint": 2, "message": "stopped at once"}))
    assert status_sentence(look()) == "Stopped at once at step 3. Resume goes on from the checkpoint of step 2."
    write(folder, started(2), step(3), ("stopped", {"step": 3, "message": "stopped"}))
    assert status_sentence(look()) == "Stopped on request at step 3. Resume goes on from there."
    write(folder, started(0), step(1), ("stopped", {"step": 1, "checkpoint": 0, "message": "stopped at once"}))
    assert status_sentence(look()) == "Stopped at once at step 1. Resume goes on from the beginning."


def test_the_estimate_tells_memory_and_time(folder: RunFolder) -> None:
    record, look = follow(folder)
    assert estimate_sentence(record) == ""
    needs = {"message": "training needs 2 GiB", "seconds_per_step": 1.5, "seconds_per_epoch": 150.0}
    write(folder, started(), ("estimated", needs))
    said = "Training needs 2 GiB. A step takes about 1.5 s, an epoch 2 min 30 s without its validation."
    assert estimate_sentence(look()) == said


def test_only_a_process_that_is_known_for_certain_can_be_ended(folder: RunFolder) -> None:
    record, look = follow(folder)
    write(folder, started(), step(1))
    assert not look().can_stop_now
    write(folder, started(pid_since=since_of(os.getpid())), step(1))
    assert look().can_stop_now
    folder.ask_to_stop()
    assert look().stop_asked_at == pytest.approx(time.time(), abs=10)
    assert short_status(record) == "stopping"
    write(folder, ("stopped", {"step": 1}))
    assert not look().can_stop_now


def test_a_run_of_a_stranger_shows_numbers_and_words_only(folder: RunFolder) -> None:
    huge, escape = 10**400, "\x1b[2J<img src=x>"
    write(
        folder,
        ("started", {"host": escape, "pid": huge, "resumed_from": float("inf")}),
        ("step", {"step": huge, "loss": 1.0}),
        ("step", {"step": 3, "loss": huge, "epoch": float("nan")}),
        ("epoch", {"epoch": float("inf"), "step": -5, "metrics": {escape: 0.5, "val_dice_mean": "x"}}),
        ("validated", {"epoch": 1, "case": escape, "dice": {escape: 0.5}, "picture": "../../etc/passwd.png"}),
        ("validated", {"epoch": 2, "case": "b", "picture": "/etc/x.png"}),
        ("validated", {"epoch": 3, "case": "b", "picture": "pictures/b.png"}),
        ("estimated", {"seconds_per_step": 1e-300, "seconds_per_epoch": 1e300, "message": escape}),
        ("failed", {"message": escape}),
        at=1e9,
    )
    record = RunRecord(folder)
    record.apply(RunReader(folder).read())
    assert (record.step, record.epoch) == (3, 0)
    shown = (*record.curves, *record.cases, *(message.text for message in record.messages), status_sentence(record))
    assert all(text.isprintable() for text in (*shown, estimate_sentence(record)))
    assert not any("<" in name for name in record.curves)
    assert [entry.picture for entry in record.of_case("b")] == [None, folder.path / "pictures" / "b.png"]


def test_a_step_that_comes_again_a_thousand_times_is_one(folder: RunFolder) -> None:
    write(folder, started(), *(step(1, loss) for loss in range(1000)), step(2, 7.0))
    news = RunReader(folder).read()
    assert len(news.parts) == 2
    record = RunRecord(folder)
    record.apply(news)
    assert list(record.curves["loss"].values) == [999.0, 7.0]


@pytest.mark.parametrize("said", [True, False])
def test_the_hours_of_a_run_are_those_of_all_its_sessions(tmp_path: Path, said: bool) -> None:
    """Half of two hours were over at the checkpoint; what a crash lost after it does not count."""
    changes = {"length.epochs": "0", "length.steps": "0", "length.hours": "2"}
    folder = RunFolder.create(tmp_path / "run", with_changes(TrainingConfig(), changes))
    record, look = follow(folder)
    told = {"elapsed_s": 3600.0} if said else {}
    write(folder, started(), at=1000.0)
    write(folder, ("checkpoint", {"step": 7, **told}), at=4600.0)
    write(folder, ("checkpoint", {"step": 9, "elapsed_s": 7000.0}), at=8000.0)
    write(folder, started(resumed_from=7), at=90_000.0)
    write(folder, ("device", {"device": "CPU"}), at=90_600.0)
    look()
    assert record.seconds_left == 2 * 3600 - 3600 - 600
    assert record.done == pytest.approx(4200 / 7200)
