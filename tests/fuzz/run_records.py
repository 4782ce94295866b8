"""Runs and configurations in order, and how they are read."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brainseg_gui.commands.runs import _row, _table
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.config_file import read_config, to_toml
from brainseg_gui.runs.run_folder import RunFolder, find_runs
from brainseg_gui.state.training.run_reader import RunReader
from brainseg_gui.state.training.run_record import RunRecord
from brainseg_gui.state.training.run_words import (
    amount,
    best_words,
    dataset_sentence,
    duration,
    estimate_sentence,
    memory,
    network_sentence,
    short_status,
    status_sentence,
    stop_now_sentence,
)
from tests.fuzz.measure import WrongAnswer


def event_list() -> list[dict[str, Any]]:
    """One event of every kind."""
    values: list[tuple[str, dict[str, Any]]] = [
        ("started", {"host": socket.gethostname(), "pid": 1, "pid_since": "x", "resumed_from": 0}),
        ("device", {"device": "CPU", "precision": "float32", "devices": 1}),
        ("checked", {"training": ["a"], "validation": ["b"], "split": {"by": "patient", "seed": 0}, "problems": ["p"]}),
        ("preparing", {"done": 1, "total": 2}),
        ("network", {"parameters": 1000, "layers": 9, "receptive_field": 40, "input": [None, 96, 96, 96, 4]}),
        ("estimated", {"seconds_per_step": 1.0, "seconds_per_epoch": 9.0, "memory_bytes": 1e9, "available_bytes": 2e9,
                       "message": ""}),
        ("warning", {"message": "watch out"}),
        ("step", {"step": 1, "epoch": 1, "loss": 1.0, "learning_rate": 1e-3, "seconds": 0.5, "waiting": 0.1,
                  "memory_bytes": 1e9}),
        ("epoch", {"epoch": 1, "step": 1, "metrics": {"loss": 0.9, "val_dice_mean": 0.5}}),
        ("validated", {"epoch": 1, "case": "a", "dice": {"WT": 0.9}, "picture": "pictures/a.png"}),
        ("checkpoint", {"step": 1, "file": "step-000000001.npz"}),
        ("model", {"folder": "model", "metrics": {"val_dice_mean": 0.5}, "epoch": 1, "step": 1,
                   "judged_by": "val_dice_mean"}),
        ("stopped", {"step": 1, "message": "stopped", "checkpoint": 1}),
    ]  # fmt: skip
    return [{"event": kind, "time": 1.7e9, **more} for kind, more in values]


def epoch(metrics: Mapping[str, float]) -> dict[str, Any]:
    """An epoch's event."""
    return {"event": "epoch", "time": 1.7e9, "epoch": 1, "step": 1, "metrics": dict(metrics)}


def events() -> bytes:
    """A run's events."""
    return b"".join(json.dumps(line).encode() + b"\n" for line in event_list())


def follow_run(path: Path) -> None:
    """Read a run as the training window does, look at all that it shows, and again as the command line does."""
    record, reader = RunRecord(RunFolder(path)), RunReader(RunFolder(path))
    record.apply(reader.read())
    record.apply(reader.read())
    words = (status_sentence(record), short_status(record), estimate_sentence(record), dataset_sentence(record),
             network_sentence(record), best_words(record), stop_now_sentence(record), amount(record.learning_rate),
             memory(record.memory_bytes), duration(record.seconds_left), duration(record.seconds_per_step))  # fmt: skip
    messages = [message.text for message in record.messages]
    for text in (*words, *messages, *record.curves, *record.cases):
        if not text.isprintable() or len(text) > 3000:
            raise WrongAnswer(f"shown: {text[:80]!a}")
    if not (record.done != record.done or 0 <= record.done <= 1):
        raise WrongAnswer(f"{record.done} of the run is done")
    for case in record.cases:
        for entry in record.of_case(case):
            if entry.picture is not None and not entry.picture.resolve().is_relative_to(path.resolve()):
                raise WrongAnswer(f"a picture outside the run: {entry.picture}")
    json.dumps([record.step, record.epoch, record.checkpoint, record.total_steps])
    if (path / "events.jsonl").stat().st_size < 2**22:
        _table([_row(folder) for folder in find_runs(path)])


def config_text() -> str:
    """A configuration."""
    return to_toml(TrainingConfig())


def read_preset_file(path: Path) -> None:
    """Read a configuration, and write it again."""
    config = read_config(path)
    if not config.name.isprintable():
        raise WrongAnswer("the name steers the terminal")
    path.with_name("again.toml").write_text(to_toml(config), "utf-8")
    if read_config(path.with_name("again.toml")) != config:
        raise WrongAnswer("it is another one when it is read again")
