"""``brainseg prepare --cluster``: a task for each examination, wherever the workers are."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import Any

from brainseg_gui.commands.preparing.task import NAMES, claim_of, prepare_task, record_of
from brainseg_gui.commands.tasks.run import Tasks, make_output, run_all
from brainseg_gui.execution.claim import claimed_manifest, stands
from brainseg_gui.execution.manifest import FOLDER
from brainseg_gui.preparation.prepare_place import PreparationRequest
from brainseg_gui.preparation.raw_examination import name_of
from brainseg_gui.storage.folder import open_folder

_KEY = "prepare"  # calls with other wishes may share the folder: each prepared case says how it was made


def prepare_on_cluster(args: argparse.Namespace, request: PreparationRequest) -> int:
    """Prepare the examinations of a command line; the exit code.

    What is prepared stays so: each prepared case says of which files and how it was made, and a second call passes
    over those that would be the same.
    """
    places, output = list(dict.fromkeys(args.places)), request.output.absolute()
    names, marks = [name_of(place) for place in places], [{"place": str(place)} for place in places]
    make_output(output)
    try:
        with claimed_manifest(output, _KEY) as claim:
            records = (record_of(place, request, claim) for place in places)
            return run_all(args, Tasks(names, marks, records, output, "prepared cases", _words), prepare_task)
    finally:
        with contextlib.suppress(OSError):
            _forget_names(output)


def _forget_names(output: Path) -> None:
    """Remove what says whose each name is, but of calls that go on beside this one."""
    names = output / FOLDER / NAMES
    with open_folder(names, output) as folder:
        for name in folder.names():
            if not stands(names.parent / claim_of(name)):
                folder.remove(name)
    names.rmdir()
    names.parent.rmdir()


def _words(reply: dict[str, Any]) -> str:
    return "" if reply["known"] else str(reply["words"])
