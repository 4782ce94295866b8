"""``brainseg train``: make a run folder, start its trainer, and show how it does."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.commands.train_watch import BarWatcher, JsonWatcher, Watcher
from brainseg_gui.errors import BrainsegError, listed
from brainseg_gui.plain_files import for_terminal

if TYPE_CHECKING:
    from brainseg_gui.runs.config import TrainingConfig
    from brainseg_gui.runs.events import Event, EventTail
    from brainseg_gui.runs.run_folder import RunFolder

ENDS = ("finished", "stopped", "failed")
FAILED, MISUSED = 1, 2
ASKED_TO_END = 128 + signal.SIGTERM
LAST_LINES = 10
_POLL_S = 0.2


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``train`` to the command line."""
    parser = subparsers.add_parser(
        "train",
        help="train a network",
        description="Train in a process of its own that writes into a run folder. Ctrl+C asks it to stop after the "
        "present step; a second Ctrl+C leaves it running. SIGTERM asks for the same. A run that ended early goes on "
        "with --resume.",
    )
    parser.add_argument("--preset", metavar="NAME|FILE", help="preset, or a .toml file (default: default)")
    parser.add_argument("--train", nargs="+", type=Path, default=[], metavar="DIR", help="folders of cases")
    parser.add_argument("--val", nargs="+", type=Path, default=[], metavar="DIR", help="folders of cases held back")
    parser.add_argument("--split", type=float, metavar="PART", help="part that is held back where --val is not given")
    parser.add_argument(
        "--folds", metavar="N|FILE", help="cross-validate in N folds, or in those of a splits_final.json as nnU-Net's"
    )
    parser.add_argument("--fold", type=int, metavar="K", help="the fold of --folds that is held back, counted from 0")
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
    watcher = JsonWatcher() if args.json else BarWatcher(folder.config())
    pid = folder.launch()
    try:
        return watch_run(folder, pid, tail, watcher)
    finally:
        watcher.close()


def _prepared(args: argparse.Namespace) -> RunFolder:
    from brainseg_gui.runs.config_file import read_preset, with_changes
    from brainseg_gui.runs.run_folder import RunFolder

    changes = changes_of(args.set)
    changes |= _held_back(args)
    config = with_changes(read_preset(args.preset or "default"), changes)
    data = replace(
        config.data,
        train=_paths(args.train) or config.data.train,
        validation=_paths(args.val) or config.data.validation,
    )
    config = replace(config, data=data)
    _check_held_back(args, config)
    _check_folders(config)
    return RunFolder.create(args.run_folder.resolve(), config)


def _held_back(args: argparse.Namespace) -> dict[str, str]:
    """The settings behind ``--split``, ``--folds`` and ``--fold``."""
    changes = {}
    if args.split is not None:
        changes["data.split"] = str(args.split)
    if args.folds is not None:
        known = args.folds.isdecimal()
        changes["data.folds" if known else "data.folds_file"] = args.folds if known else _paths([Path(args.folds)])[0]
    if args.fold is not None:
        changes["data.fold"] = str(args.fold)
    return changes


def _check_held_back(args: argparse.Namespace, config: TrainingConfig) -> None:
    """Refuse what would say nothing, so that other cases were held back than the command line reads.

    Raises
    ------
    BrainsegError
        If there are several answers to what is held back, a fold of none, or none of the folds.
    """
    if args.fold is not None and not config.data.folds and not config.data.folds_file:
        raise BrainsegError("--fold says nothing without folds", "Give --folds N, or a file of them, or leave it out")
    ways = [f"--{name}" for name in ("val", "split", "folds") if getattr(args, name) not in (None, [])]
    if len(ways) > 1:
        raise BrainsegError(f"{listed(ways)} each say what is held back", "Give one of them")
    if args.folds is not None and args.fold is None and "data.fold" not in changes_of(args.set):
        last = f" to {config.data.folds - 1}" if config.data.folds else ", and so on"
        raise BrainsegError("--folds does not say which fold is held back", f"Give --fold 0{last}, a run for each")


def _resumed(args: argparse.Namespace) -> RunFolder:
    from brainseg_gui.runs.run_folder import RunFolder

    folder = RunFolder(args.run_folder.resolve())
    if not folder.is_there:
        raise BrainsegError("there is no run to resume", "Check the name, or leave --resume out", folder.path)
    if args.preset or args.train or args.val or args.set or _held_back(args):
        raise BrainsegError(
            "a run goes on with its own settings", f"Edit {folder.config_file.name}, or start a new run", folder.path
        )
    folder.config()
    return folder


def changes_of(words: Sequence[str]) -> dict[str, str]:
    changes = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign:
            raise BrainsegError(f"--set {word} lacks a value", "Write --set section.key=value")
        changes[key.strip()] = value.strip()
    return changes


def _paths(paths: Sequence[Path]) -> tuple[str, ...]:
    return tuple(str(path.expanduser().resolve()) for path in paths)


def _check_folders(config: TrainingConfig) -> None:
    """Refuse before a folder is made what the trainer would refuse after some seconds."""
    if not config.data.train:
        raise BrainsegError("there are no cases to train on", "Give --train DIR")
    for folder in (*config.data.train, *config.data.validation, *config.data.further):
        if not Path(folder).expanduser().is_dir():
            raise BrainsegError("there is no such folder", "Check the name, or mount the drive", Path(folder))


def watch_run(folder: RunFolder, pid: int, tail: EventTail, watcher: Watcher) -> int:
    """Show events until the run ends; Ctrl+C asks it to, and so does a request of the system that this process end.

    A terminal that closes leaves the run alone: it goes on without being watched.
    """
    asked, ending = False, 0
    while True:
        try:
            for event in _until_end(folder, pid, tail):
                watcher.show(event)
                if event.kind in ENDS:
                    return FAILED if event.kind == "failed" else ending
            return _died(folder)
        except SystemExit as end:
            if end.code != ASKED_TO_END:
                raise
            asked, ending = True, ASKED_TO_END
            folder.ask_to_stop()
            _say("asked to end: stopping after this step")
        except KeyboardInterrupt:
            if asked:
                _say(f"the trainer goes on without being watched (process {pid}); its stop is asked for")
                return ending
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
    try:
        log, _ = folder.log_since()
    except OSError as error:
        log = f"the log cannot be read ({error.strerror})".encode()
    for line in log.decode("utf-8", "replace").splitlines()[-LAST_LINES:]:
        sys.stderr.write(for_terminal(f"  {line}\n"))
    return FAILED


def _say(sentence: str) -> None:
    sys.stderr.write(for_terminal(f"brainseg: {sentence}\n"))
