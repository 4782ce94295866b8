"""`brainseg train` and `brainseg runs` as a person meets them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from brainseg_gui import cli
from brainseg_gui.commands.train_watch import BarWatcher, JsonWatcher, sentence_of
from brainseg_gui.faults.process_mark import since_of
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.events import Event, EventWriter
from brainseg_gui.runs.run_folder import RunFolder

TINY = [
    "network.levels=2",
    "network.filters=4",
    "network.normalisation=none",  # a graph in half of the time
    "sampling.patch=[16, 16, 16]",
    "length.epochs=1",
    "length.steps_per_epoch=5",
    "compute.precision=float32",
    "compute.device=cpu",
]


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.main(list(words)) == 2
    return capsys.readouterr().err


def test_mistakes_are_one_line_and_leave_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = str(tmp_path / "run")
    assert "there are no cases to train on" in refused(capsys, "train", "--run", run)
    assert "no such folder" in refused(capsys, "train", "--run", run, "--train", str(tmp_path / "x"))
    assert "there is no preset quick" in refused(capsys, "train", "--run", run, "--preset", "quick")
    given = ("train", "--run", run, "--train", str(tmp_path), "--set")
    assert "length.epochs is -1" in refused(capsys, *given, "length.epochs=-1")
    assert "lacks a value" in refused(capsys, *given, "length.epochs")
    assert "there is no run to resume" in refused(capsys, "train", "--run", run, "--resume")
    assert not Path(run).exists()


def test_a_run_is_neither_overwritten_nor_changed_on_the_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    RunFolder.create(tmp_path / "run", TrainingConfig())
    run = str(tmp_path / "run")
    assert "there is a run in this folder already" in refused(capsys, "train", "--run", run, "--train", str(tmp_path))
    assert "its own settings" in refused(capsys, "train", "--run", run, "--resume", "--set", "length.epochs=3")
    assert "its own settings" in refused(capsys, "train", "--run", run, "--resume", "--fold", "1")


def test_folds_are_a_number_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RunFolder, "launch", lambda self: 0)
    monkeypatch.setattr("brainseg_gui.commands.train.watch_run", lambda *_: 0)
    monkeypatch.chdir(tmp_path)
    given = ("--train", str(tmp_path), "--fold", "2")
    assert cli.main(["train", "--run", "a", "--folds", "5", *given]) == 0
    assert cli.main(["train", "--run", "b", "--folds", "splits_final.json", *given]) == 0
    a, b = (RunFolder(tmp_path / name).config().data for name in "ab")
    assert (a.folds, a.fold, a.folds_file) == (5, 2, "")
    assert (b.folds, b.fold, b.folds_file) == (0, 2, str(tmp_path / "splits_final.json"))


def test_runs_are_listed_with_their_best_dice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, scores in (("first", [0.25, 0.75, 0.5]), ("second", [])):
        folder = RunFolder.create(tmp_path / name, TrainingConfig())
        writer = EventWriter(folder.events_file)
        for epoch, score in enumerate(scores, start=1):
            writer.write("epoch", epoch=epoch, step=10 * epoch, metrics={"val_dice_mean": score})
        if scores:
            writer.write("finished", step=30, message="finished after 30 steps")
        writer.close()
    assert cli.main(["runs", str(tmp_path)]) == 0
    rows = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines()}
    assert rows["first"][:6] == ["first", "finished", "3", "30", "0.750", "2"]
    assert rows["second"][:6] == ["second", "prepared", "0", "0", "–", "–"]
    assert cli.main(["runs", "--json", str(tmp_path)]) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["run"]: row["best_dice"] for row in printed} == {"first": 0.75, "second": None}
    assert "there is no run in this folder" in refused(capsys, "runs", str(tmp_path / "missing"))


def test_a_run_is_stopped_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = RunFolder.create(tmp_path / "mine", TrainingConfig())
    here = ("runs", str(tmp_path))
    assert "this run is not running" in refused(capsys, *here, "--stop", "mine")
    assert "this run is not running" in refused(capsys, *here, "--stop", "mine", "--now")
    assert "there is no run in this folder" in refused(capsys, *here, "--stop", "other")
    assert "--now says nothing" in refused(capsys, *here, "--now")
    words = ["import sys; sys.stdin.read()", "-m", "training", str(folder.path)]
    process = subprocess.Popen([sys.executable, "-c", *words], stdin=subprocess.PIPE)
    try:
        writer = EventWriter(folder.events_file)
        about = {"host": socket.gethostname(), "pid": process.pid, "pid_since": since_of(process.pid)}
        writer.write("started", resumed_from=0, **about)
        writer.write("step", step=3, epoch=1, loss=1.0)
        writer.close()
        assert cli.main([*here, "--stop", "mine"]) == 0
        assert capsys.readouterr().out.startswith("mine: asked to stop after its present step")
        assert folder.stop_asked
        assert process.poll() is None
        assert cli.main(["runs", "--stop", str(folder.path), "--now"]) == 0
        assert process.wait(10) == -9
    finally:
        process.kill()
        process.communicate()
    said = "mine: stopped at once after 3 steps; the 3 steps are lost, for there is no checkpoint yet\n"
    assert capsys.readouterr().out == said


def test_the_check_is_printed_whole() -> None:
    values = {
        "training": ["a", "b"],
        "validation": ["c"],
        "schemes": ["brats2020"],
        "split": {"by": "patient", "seed": 4, "fraction": 0.2},
        "problems": ["d is left out: T2 is missing. Add the file, or leave the case out."],
    }
    assert sentence_of(Event("checked", 0.0, values)).splitlines() == [
        "2 cases to train on, 1 held back, split by patient with seed 4",
        "  held back: c",
        "  labels: brats2020",
        "  d is left out: T2 is missing. Add the file, or leave the case out.",
    ]
    of_fold = values | {"split": {"by": "patient", "seed": 4, "fold": 0}}
    assert "held back, split by patient with seed 4, fold 0\n" in sentence_of(Event("checked", 0.0, of_fold))


@pytest.mark.engine
def test_a_run_from_the_shell_to_its_end(
    tmp_path: Path, toy_case: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(2):
        toy_case(tmp_path / "cases", case_id=f"Toy_{number:03}", seed=number)
    given = ["--train", str(tmp_path / "cases"), "--set", *TINY, f"data.cache={tmp_path / 'cache'}"]
    assert cli.main(["train", "--run", str(tmp_path / "run"), "--split", "0.5", *given]) == 0
    printed = capsys.readouterr()
    assert "1 case to train on, 1 held back" in printed.out
    assert "of memory" in printed.out
    assert "Dice WT / TC / ET 0." in printed.out
    assert printed.out.splitlines()[-1] == "Finished after 5 steps"
    assert not printed.err  # no bar where nobody looks


def test_a_failed_run_is_told_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(folder: RunFolder) -> int:
        with closing(EventWriter(folder.events_file)) as writer:
            writer.write("started", resumed_from=0)
            writer.write("failed", message="no case is left to train on. Add masks")
        return os.getpid()

    monkeypatch.setattr(RunFolder, "launch", fail)
    assert cli.main(["train", "--json", "--run", str(tmp_path / "bad"), "--train", str(tmp_path)]) == 1
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["started", "failed"]
    assert events[-1]["message"] == "no case is left to train on. Add masks"
    assert cli.main(["train", "--run", str(tmp_path / "worse"), "--train", str(tmp_path)]) == 1
    assert "no case is left to train on. Add masks" in "".join(capsys.readouterr())


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 0), ("SIGTERM", 143)])
def test_a_request_to_end_asks_the_run_to_stop_and_waits_for_its_end(
    name: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(RunFolder, "launch", _trainer_that_takes_one_step)
    monkeypatch.setattr(RunFolder, "ask_to_stop", _ended)
    show = JsonWatcher.show

    def asked_to_end(watcher: JsonWatcher, event: Event) -> None:
        show(watcher, event)
        if event.kind == "step":
            signal.raise_signal(getattr(signal, name))

    monkeypatch.setattr(JsonWatcher, "show", asked_to_end)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert cli.main(["train", "--json", "--run", str(tmp_path / "run"), "--train", str(tmp_path)]) == code
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    printed = capsys.readouterr()
    kinds = [json.loads(line)["event"] for line in printed.out.splitlines()]
    assert kinds == ["started", "step", "stopped"]
    assert "stopping after this step" in printed.err


def _trainer_that_takes_one_step(folder: RunFolder) -> int:
    with closing(EventWriter(folder.events_file)) as writer:
        writer.write("started", resumed_from=0)
        writer.write("step", step=1, epoch=1, loss=1.0)
    return os.getpid()


def _ended(folder: RunFolder) -> None:
    with closing(EventWriter(folder.events_file)) as writer:
        writer.write("stopped", step=1, message="stopped after 1 step")


@pytest.mark.slow
@pytest.mark.engine
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 0), ("SIGTERM", 143)])
def test_ctrl_c_stops_politely(tmp_path: Path, toy_case: Callable[..., Path], name: str, code: int) -> None:
    toy_case(tmp_path / "cases", case_id="Toy_000")
    given = ["--train", str(tmp_path / "cases"), "--run", str(tmp_path / "run"), "--json", "--set"]
    changes = [*TINY, "length.epochs=0", "length.steps=100000", f"data.cache={tmp_path / 'cache'}"]
    command = [sys.executable, "-P", "-m", "brainseg_gui", "train", *given, *changes]
    # a shell that starts the tests in the background has SIGINT ignored, and a child would inherit that
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if json.loads(line)["event"] == "step":
                    break
            os.kill(process.pid, getattr(signal, name))
            rest, errors = process.communicate(timeout=60)
        finally:
            process.kill()
            RunFolder(tmp_path / "run").ask_to_stop()
    assert process.returncode == code
    assert json.loads(rest.splitlines()[-1])["event"] == "stopped"
    assert "stopping after this step" in errors


def test_what_says_nothing_of_what_is_held_back_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunFolder, "launch", lambda self: 0)
    monkeypatch.setattr("brainseg_gui.commands.train.watch_run", lambda *_: 0)
    run, cases = str(tmp_path / "run"), str(tmp_path)
    given = ("train", "--run", run, "--train", cases)
    assert "--fold says nothing without folds" in refused(capsys, *given, "--fold", "0")
    assert "Give --fold 0 to 4, a run for each" in refused(capsys, *given, "--folds", "5")
    assert "Give --fold 0, and so on" in refused(capsys, *given, "--folds", "splits_final.json")
    assert "--val and --split each say" in refused(capsys, *given, "--val", cases, "--split", "0")
    assert "--val and --folds each say" in refused(capsys, *given, "--val", cases, "--folds", "5", "--fold", "1")
    assert "--split and --folds each say" in refused(capsys, *given, "--split", "0.2", "--folds", "5")
    assert not Path(run).exists()
    assert cli.main([*given, "--fold", "1", "--set", "data.folds=5"]) == 0
    assert "its own settings" in refused(capsys, "train", "--run", run, "--resume", "--preset", "fine-tune")
    assert cli.main(["train", "--run", run, "--resume"]) == 0


def test_a_loss_that_is_no_number_is_null_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    def strict(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    nan, endless = float("nan"), float("inf")
    JsonWatcher().show(Event("epoch", 1.0, {"step": 3, "loss": nan, "metrics": {"a": endless, "b": [nan, 0.5]}}))
    found = json.loads(capsys.readouterr().out, parse_constant=strict)
    assert found["loss"] is None
    assert found["metrics"] == {"a": None, "b": [None, 0.5]}


def test_no_bar_is_drawn_into_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    watcher = BarWatcher(TrainingConfig())
    for step in (1, 2, 3):
        watcher.show(Event("step", 1.0, {"step": step, "epoch": 1, "loss": 0.5}))
    watcher.show(Event("warning", 1.0, {"message": "the disk is slow"}))
    watcher.close()
    assert capsys.readouterr().err == "brainseg: the disk is slow\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--take-back", "cohort"], "no use for COHORT"),
        (["--take-back", "--run", "run", "--promote"], "no use for --run and --promote"),
        (["--run", "run", "--set", "length.epochs=1"], "--set is for a new run"),
        (["--run", "run", "--model", "m", "--annotations", "a"], "--annotations and --model are for a new run"),
    ],
)
def test_learn_refuses_what_says_nothing(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert sentence in refused(capsys, "learn", *words)
