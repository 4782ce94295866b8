"""A task for each case of a command line, wherever the workers are; how each ended is said."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brainseg_gui.commands.options.cluster import retries_of
from brainseg_gui.commands.terminal import FAULT, INPUT_FAULT, say, write_line
from brainseg_gui.errors import SaveError, printable
from brainseg_gui.execution.clusters import Workers, cluster_workers, local_workers
from brainseg_gui.execution.manifest import FOLDER
from brainseg_gui.execution.run import NOBODY, WAITING, Record, TaskEnd, TaskFunction, run_tasks
from brainseg_gui.storage.folder import make_folders, open_folder
from brainseg_gui.storage.leftovers import sweep
from brainseg_gui.storage.writing import remove_derived, write_text

LOGS = "failed"
_BAR = "{percentage:3.0f} %|{bar}| {n:.0f}/{total:.0f}, {elapsed}, {remaining} left{postfix}"


@dataclass(frozen=True)
class Tasks:
    """What is to be done.

    Parameters
    ----------
    names
        What each task is called, in the order of `records`; logs have these names.
    marks
        What tells each in a line of JSON that says why it failed, such as ``{"case": …}``.
    records
        What workers are given.
    output
        The folder that gets the results.
    made
        What the results are called, such as ``reports``.
    words
        What is said of one that was done, from its reply; empty says nothing.
    """

    names: Sequence[str]
    marks: Sequence[Mapping[str, str]]
    records: Iterable[Record]
    output: Path
    made: str
    words: Callable[[dict[str, Any]], str]


def run_all(args: argparse.Namespace, tasks: Tasks, task: TaskFunction) -> int:
    """Do them; 0, or 2 when only input was at fault or doubtful, or 1.

    A reply has ``known`` (whether the result was there already) and ``doubts``, or is one of `faults.failed`.
    """
    make_output(tasks.output)
    try:
        with (
            _workers(args) as workers,
            closing(_Told(tasks, args.json)) as told,
        ):
            ends = run_tasks(workers.executor, task, tasks.records, at_once=workers.at_once, retries=retries_of(args))
            with closing(ends):
                for end in ends:
                    if end is not None:
                        told.tell(end)
                    told.show(waiting=not workers.present())
    finally:
        _tidy(tasks.output)
    return told.exit_code


def make_output(output: Path) -> None:
    """Make the folder for results, unless it is there.

    Raises
    ------
    SaveError
        If it cannot be made.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SaveError(f"it cannot be made ({error.strerror})", "Choose another folder for -o", output) from error


def _workers(args: argparse.Namespace) -> AbstractContextManager[Workers]:
    if args.cluster is None:
        return local_workers(args.processes)
    return cluster_workers(args.cluster, args.processes)


def _tidy(output: Path) -> None:
    """Remove what killed workers of this computer left half written, and folders that stayed empty."""
    with contextlib.suppress(OSError), open_folder(output) as folder:
        sweep(folder)
    for folder_path in (output / FOLDER / LOGS, output / FOLDER):
        with contextlib.suppress(OSError):
            folder_path.rmdir()


@dataclass
class _Told:
    """Says how each task ended, and how far the work is."""

    tasks: Tasks
    as_json: bool
    known: int = 0
    done: int = 0
    doubtful: int = 0
    waited: bool = False
    failed: list[bool] = field(default_factory=list)  # whether what was given is at fault

    def __post_init__(self) -> None:
        from tqdm import tqdm

        self._logs = _log_names(self.tasks.names)

        self._bar = tqdm(total=len(self.tasks.names), file=sys.stderr, bar_format=_BAR, disable=None)

    def tell(self, end: TaskEnd) -> None:
        """Show the end of a task."""
        name, reply = self.tasks.names[end.number], dict(end.reply or {"failed": end.fault})
        log = self.tasks.output / FOLDER / LOGS / self._logs[end.number]
        self._bar.clear()
        if "failed" in reply:
            self._tell_fault(end, reply, log)
        else:
            with contextlib.suppress(OSError):
                remove_derived(log, root=self.tasks.output)
            self._tell_done(name, reply)
        self._bar.update()

    def show(self, *, waiting: bool) -> None:
        """In the bar what failed, and that nobody is there to work; the latter is also said once."""
        if waiting and not self.waited:
            self.waited = True
            _say(NOBODY)
        failed = f"{len(self.failed)} failed" if self.failed else ""
        self._bar.set_postfix_str(", ".join(filter(None, (failed, WAITING if waiting else ""))))

    def _tell_done(self, name: str, reply: dict[str, Any]) -> None:
        self.known += reply["known"]
        self.done += not reply["known"]
        self.doubtful += bool(reply["doubts"])
        for doubt in reply["doubts"]:
            _say(f"{name}: {doubt}")
        words = json.dumps(reply) if self.as_json else self.tasks.words(reply)
        if words:
            write_line(words)

    def _tell_fault(self, end: TaskEnd, reply: dict[str, Any], log: Path) -> None:
        self.failed.append(bool(reply.get("input")))
        name, reason = self.tasks.names[end.number], str(reply["failed"])
        tries = f"{'' if reason.endswith('.') else '.'} It was tried {end.tries} times." if end.tries > 1 else ""
        sentence = f"{reason}{tries}" if name in reason else f"{name}: {reason}{tries}"
        _say(sentence)
        with contextlib.suppress(OSError):  # a log that cannot be written must not end the run
            make_folders(log.parent, self.tasks.output)
            text = f"{sentence}\n\n{reply.get('worker', '')}\n{reply.get('trace', '')}\n"
            write_text(log, text, chosen=False, root=self.tasks.output)
        if self.as_json:
            write_line(json.dumps({**self.tasks.marks[end.number], "error": sentence}))

    def close(self) -> None:
        """End the bar, and say what is there, also of a run that was cut short."""
        self._bar.close()
        passed = f", {self.known} of them done before" if self.known else ""
        _say(f"{self.done + self.known} of {len(self.tasks.names)} {self.tasks.made} are there{passed}")
        if self.failed:
            logs = self.tasks.output / FOLDER / LOGS
            _say(f"{len(self.failed)} failed: why stands in {logs}. The same command tries these again, and no other.")

    @property
    def exit_code(self) -> int:
        """As that of every command: 2 when only input was at fault or doubtful, 1 when something else was."""
        if not all(self.failed):
            return FAULT
        return INPUT_FAULT if self.failed or self.doubtful else 0


def _log_names(names: Sequence[str]) -> list[str]:
    """Files for logs: two tasks may have one name."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(f"{name}.txt" if seen[name] == 1 else f"{name} ({seen[name]}).txt")
    return found


def _say(sentence: str) -> None:
    say(printable(sentence))
