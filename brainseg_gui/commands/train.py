"""``brainseg train``: make a run folder, start its trainer, and show how it does."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brainseg_gui.errors import BrainsegError
from brainseg_gui.plain_files import for_terminal

if TYPE_CHECKING:
    from tqdm import tqdm

    from brainseg_gui.runs.config import TrainingConfig
    from brainseg_gui.runs.events import Event, EventTail
    from brainseg_gui.runs.run_folder import RunFolder

ENDS = ("finished", "stopped", "failed")
FAILED, MISUSED = 1, 2
LAST_LINES = 10
_POLL_S = 0.2
_BAR = "{percentage:3.0f} %|{bar}| {n_fmt}/{total_fmt} steps {elapsed}<{remaining} {desc}"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``train`` to the command line."""
    parser = subparsers.add_parser(
        "train",
        help="train a network",
        description="Train in a process of its own that writes into a run folder. Ctrl+C asks it to stop after the "
        "present step; a second Ctrl+C leaves it running. A run that ended early goes on with --resume.",
    )
    parser.add_argument("--preset", default="default", metavar="NAME|FILE", help="preset, or a .toml file (default)")
    parser.add_argument("--train", nargs="+", type=Path, default=[], metavar="DIR", help="folders of cases")
    parser.add_argument("--val", nargs="+", type=Path, default=[], metavar="DIR", help="folders of cases held back")
    parser.add_argument("--split", type=float, metavar="PART", help="part that is held back where --val is not given")
    parser.add_argument("--run", required=True, type=Path, metavar="FOLDER", dest="run_folder", help="the run folder")
    parser.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="SECTION.KEY=VALUE", help="change a setting"
    )
    parser.add_argument("--resume", action="store_true", help="go on with the run in --run")
    parser.add_argument("--json", action="store_true", help="print one JSON object per event instead of the bar")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train and watch; 0 when the run finished or was stopped, 1 when it failed."""
    from brainseg_gui.runs.events import EventTail

    folder = _resumed(args) if args.resume else _prepared(args)
    tail = EventTail(folder.events_file)
    tail.read()  # what an earlier session wrote is not shown again
    pid = folder.launch()
    watcher = _JsonWatcher() if args.json else _BarWatcher(folder.config())
    try:
        return _watch(folder, pid, tail, watcher)
    finally:
        watcher.close()


def _prepared(args: argparse.Namespace) -> RunFolder:
    from brainseg_gui.runs.config_file import read_preset, with_changes
    from brainseg_gui.runs.run_folder import RunFolder

    changes = _changes(args.set)
    if args.train:
        changes["data.train"] = _paths(args.train)
    if args.val:
        changes["data.validation"] = _paths(args.val)
    if args.split is not None:
        changes["data.split"] = str(args.split)
    config = with_changes(read_preset(args.preset), changes)
    _check_folders(config)
    return RunFolder.create(args.run_folder.resolve(), config)


def _resumed(args: argparse.Namespace) -> RunFolder:
    from brainseg_gui.runs.run_folder import RunFolder

    folder = RunFolder(args.run_folder.resolve())
    if not folder.config_file.is_file():
        raise BrainsegError("there is no run to resume", "Check the name, or leave --resume out", folder.path)
    if args.train or args.val or args.set or args.split is not None:
        raise BrainsegError(
            "a run goes on with its own settings", f"Edit {folder.config_file.name}, or start a new run", folder.path
        )
    folder.config()
    return folder


def _changes(words: Sequence[str]) -> dict[str, str]:
    changes = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign:
            raise BrainsegError(f"--set {word} lacks a value", "Write --set section.key=value")
        changes[key.strip()] = value.strip()
    return changes


def _paths(paths: Sequence[Path]) -> str:
    return json.dumps([str(path.expanduser().resolve()) for path in paths])


def _check_folders(config: TrainingConfig) -> None:
    """Refuse before a folder is made what the trainer would refuse after some seconds."""
    if not config.data.train:
        raise BrainsegError("there are no cases to train on", "Give --train DIR")
    for folder in (*config.data.train, *config.data.validation):
        if not Path(folder).expanduser().is_dir():
            raise BrainsegError("there is no such folder", "Check the name, or mount the drive", Path(folder))


def _watch(folder: RunFolder, pid: int, tail: EventTail, watcher: _Watcher) -> int:
    """Show events until the run ends; Ctrl+C asks it to."""
    asked = False
    while True:
        try:
            for event in _until_end(folder, pid, tail):
                watcher.show(event)
                if event.kind in ENDS:
                    return FAILED if event.kind == "failed" else 0
            return _died(folder)
        except KeyboardInterrupt:
            if asked:
                _say(f"the trainer goes on without being watched (process {pid}); its stop is asked for")
                return 0
            asked = True
            folder.ask_to_stop()
            _say("stopping after this step; Ctrl+C again leaves it alone")


def _until_end(folder: RunFolder, pid: int, tail: EventTail) -> Iterator[Event]:
    from brainseg_gui.runs.trainer_process import is_alive

    while True:
        alive = is_alive(pid)  # asked before reading: what it wrote last is still shown
        yield from tail.read()
        if not alive:
            return
        time.sleep(_POLL_S)


def _died(folder: RunFolder) -> int:
    _say(f"{folder.path}: the trainer ended without a word. Resume it with --resume; its last lines were:")
    for line in folder.log_file.read_text("utf-8", "replace").splitlines()[-LAST_LINES:]:
        sys.stderr.write(for_terminal(f"  {line}\n"))
    return FAILED


class _Watcher:
    """Shows events."""

    def show(self, event: Event) -> None:
        """Show one event."""
        raise NotImplementedError

    def close(self) -> None:
        """Leave the terminal tidy."""


class _JsonWatcher(_Watcher):
    """One JSON object per event and line."""

    def show(self, event: Event) -> None:
        """Print one event."""
        sys.stdout.write(json.dumps({"event": event.kind, "time": event.time, **event.values}) + "\n")
        sys.stdout.flush()


class _BarWatcher(_Watcher):
    """Sentences, and a bar of the steps with loss and Dice."""

    def __init__(self, config: TrainingConfig) -> None:
        self._config = config
        self._bar: tqdm[Any] | None = None
        self._dice = ""
        self._per_epoch = config.length.steps_per_epoch
        self._training = 0

    def show(self, event: Event) -> None:
        """Print what matters of one event."""
        if event.kind == "step":
            self._step(event.values)
        elif text := _sentence(event):
            self._print(text, sys.stderr if event.kind in ("warning", "failed") else sys.stdout)
        if event.kind == "checked":
            self._training = len(event.values.get("training", ()))
        if event.kind == "epoch":
            scores = event.values.get("metrics", {})
            self._dice = _dice_words(scores) or self._dice

    def close(self) -> None:
        """Leave the terminal tidy."""
        if self._bar is not None:
            self._bar.close()

    def _step(self, values: Mapping[str, Any]) -> None:
        from tqdm import tqdm

        if self._bar is None:
            total = self._total_steps()
            self._bar = tqdm(total=total, file=sys.stderr, bar_format=_BAR if total else None, initial=values["step"])
        self._bar.set_description_str(f"epoch {values['epoch']} loss {values['loss']:.4f} {self._dice}", refresh=False)
        self._bar.update(values["step"] - self._bar.n)

    def _total_steps(self) -> int | None:
        length = self._config.length
        per_epoch = length.steps_per_epoch or -(-self._training // self._config.sampling.batch)
        return min((n for n in (length.epochs * per_epoch, length.steps) if n), default=None)

    def _print(self, text: str, stream: Any) -> None:
        if self._bar is not None:
            self._bar.clear()
        stream.write(for_terminal(text) + "\n")
        stream.flush()


def _sentence(event: Event) -> str:
    """An event for people, or nothing."""
    values = event.values
    match event.kind:
        case "started" if values.get("resumed_from"):
            return f"Resumed from step {values['resumed_from']}"
        case "device":
            return f"Training on {values['device']} in {values['precision']}"
        case "checked":
            return _check_words(values)
        case "network":
            return f"Network: {values['parameters']:,} parameters, sees {values['receptive_field']} voxels across"
        case "estimated":
            seconds, epoch = values["seconds_per_step"], values["seconds_per_epoch"]
            message = str(values["message"])
            return (
                f"{message[:1].upper()}{message[1:]}; a step takes about {seconds:.2g} s, an epoch {_duration(epoch)}"
            )
        case "epoch":
            loss = values["metrics"].get("loss", float("nan"))
            return f"Epoch {values['epoch']}: loss {loss:.4f} {_dice_words(values['metrics'])}".rstrip()
        case "warning" | "failed":
            return f"brainseg: {values['message']}"
        case "finished" | "stopped":
            return f"{values['message'][:1].upper()}{values['message'][1:]}"
    return ""


def _check_words(values: Mapping[str, Any]) -> str:
    training, validation = len(values["training"]), len(values["validation"])
    lines = [f"{training} case{'s' if training != 1 else ''} to train on, {validation} held back"]
    if values.get("split") and validation:
        lines[0] += f", split by {values['split']['by']} with seed {values['split']['seed']}"
        lines.append(f"  held back: {', '.join(values['validation'])}")
    lines.append(f"  labels: {', '.join(values['schemes'])}")
    return "\n".join([*lines, *(f"  {problem}" for problem in values["problems"])])


def _dice_words(metrics: Mapping[str, float]) -> str:
    """Validation's Dice of the regions, if there is one."""
    names = [name for name in ("WT", "TC", "ET") if f"val_dice_{name.lower()}" in metrics]
    values = " / ".join(f"{metrics[f'val_dice_{name.lower()}']:.3f}" for name in names)
    return f"Dice {' / '.join(names)} {values}" if names else ""


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.2g} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _say(sentence: str) -> None:
    sys.stderr.write(for_terminal(f"brainseg: {sentence}\n"))
