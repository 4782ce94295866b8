"""``brainseg prepare --cluster``: a task for each examination, wherever the workers are."""

from __future__ import annotations

import argparse
import contextlib
import json
import secrets
import shutil
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brainseg_gui.commands.options.cluster import retries_of
from brainseg_gui.commands.preparing.task import NAMES, prepare_task, record_of
from brainseg_gui.errors import SaveError, printable
from brainseg_gui.execution.clusters import cluster_workers
from brainseg_gui.execution.manifest import FOLDER
from brainseg_gui.execution.run import TaskEnd, TaskFunction, run_tasks
from brainseg_gui.plain_files import for_terminal
from brainseg_gui.preparation.prepare_place import PreparationRequest
from brainseg_gui.storage.folder import make_folders, open_folder
from brainseg_gui.storage.leftovers import sweep
from brainseg_gui.storage.writing import remove_derived, write_text

INPUT_FAULT, FAULT = 2, 1
LOGS = "failed"
_BAR = "{percentage:3.0f} %|{bar}| {n:.0f}/{total:.0f} examinations, {elapsed}, {remaining} left{postfix}"


def prepare_on_cluster(args: argparse.Namespace, request: PreparationRequest, task: TaskFunction = prepare_task) -> int:
    """Prepare the examinations of a command line; 0, or 2 when only input was at fault or doubtful, or 1.

    What is prepared stays so: each prepared case says of which files and how it was made, and a second call passes
    over those that would be the same.
    """
    places, call = list(dict.fromkeys(path.absolute() for path in args.places)), secrets.token_hex(4)
    _make_output(request.output)
    try:
        with cluster_workers(args.cluster, args.processes) as workers, closing(_Told(places, args)) as told:
            records = (record_of(place, request, call) for place in places)
            ends = run_tasks(workers.executor, task, records, at_once=workers.at_once, retries=retries_of(args))
            with closing(ends):
                for end in ends:
                    if end is not None:
                        told.tell(end)
    finally:
        _tidy(request.output)
    return told.exit_code


def _make_output(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SaveError(f"it cannot be made ({error.strerror})", "Choose another folder for -o", output) from error


def _tidy(output: Path) -> None:
    """Remove who had which name, what killed workers left half written, and folders that stayed empty."""
    with contextlib.suppress(OSError), open_folder(output) as folder:
        sweep(folder)
    with contextlib.suppress(OSError), open_folder(output / FOLDER, output):
        shutil.rmtree(output / FOLDER / NAMES)
    for folder in (output / FOLDER / LOGS, output / FOLDER):
        with contextlib.suppress(OSError):
            folder.rmdir()


@dataclass
class _Told:
    """Says how each examination ended, and how far the work is."""

    places: Sequence[Path]
    args: argparse.Namespace
    known: int = 0
    done: int = 0
    doubtful: int = 0
    failed: list[bool] = field(default_factory=list)  # whether the examination was at fault

    def __post_init__(self) -> None:
        from tqdm import tqdm

        self._bar = tqdm(total=len(self.places), file=sys.stderr, bar_format=_BAR, disable=None)

    def tell(self, end: TaskEnd) -> None:
        """Show the end of an examination."""
        place, reply = self.places[end.number], dict(end.reply or {"failed": end.fault, "input": False})
        log = self.args.output.absolute() / FOLDER / LOGS / f"{place.name}.txt"
        self._bar.clear()
        if "failed" in reply:
            self._tell_fault(place, reply, log)
        else:
            with contextlib.suppress(OSError):
                remove_derived(log, root=self.args.output.absolute())
            self._tell_case(reply)
        self._bar.update()

    def _tell_case(self, reply: dict[str, Any]) -> None:
        words = reply.pop("words")
        self.known += reply["again"]
        self.done += not reply["again"]
        self.doubtful += bool(reply["doubts"])
        for doubt in reply["doubts"]:
            _say(f"{Path(reply['output']).name}: {doubt}")
        if self.args.json or not reply["again"]:
            _write(json.dumps(reply) if self.args.json else words)

    def _tell_fault(self, place: Path, reply: dict[str, Any], log: Path) -> None:
        self.failed.append(bool(reply.get("input")))
        sentence = str(reply["failed"]) if place.name in reply["failed"] else f"{place}: {reply['failed']}"
        _say(sentence)
        with contextlib.suppress(OSError):  # a log that cannot be written must not end the run
            make_folders(log.parent, self.args.output.absolute())
            text = f"{sentence}\n\n{reply.get('worker', '')}\n{reply.get('trace', '')}\n"
            write_text(log, text, chosen=False, root=self.args.output.absolute())
        if self.args.json:
            _write(json.dumps({"place": str(place), "error": sentence}))

    def close(self) -> None:
        """End the bar, and say what is there, also of a run that was cut short."""
        self._bar.close()
        passed = f", {self.known} of them done before" if self.known else ""
        _say(f"{self.done + self.known} of {len(self.places)} prepared cases are there{passed}")
        if self.failed:
            logs = self.args.output / FOLDER / LOGS
            _say(f"{len(self.failed)} failed: why stands in {logs}. The same command tries these again, and no other.")

    @property
    def exit_code(self) -> int:
        """As that of every command: 2 when only input was at fault or doubtful, 1 when something else was."""
        if not all(self.failed):
            return FAULT
        return INPUT_FAULT if self.failed or self.doubtful else 0


def _write(text: str) -> None:
    sys.stdout.write(for_terminal(text) + "\n")
    sys.stdout.flush()


def _say(sentence: str) -> None:
    sys.stderr.write(for_terminal(f"brainseg: {printable(sentence)}\n"))
