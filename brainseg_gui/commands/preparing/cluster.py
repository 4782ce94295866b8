"""``brainseg prepare --cluster``: a task for each examination, wherever the workers are."""

from __future__ import annotations

import argparse
import contextlib
import secrets
import shutil
from typing import Any

from brainseg_gui.commands.preparing.task import NAMES, prepare_task, record_of
from brainseg_gui.commands.tasks.run import Tasks, run_all
from brainseg_gui.execution.manifest import FOLDER
from brainseg_gui.preparation.prepare_place import PreparationRequest
from brainseg_gui.storage.folder import open_folder


def prepare_on_cluster(args: argparse.Namespace, request: PreparationRequest) -> int:
    """Prepare the examinations of a command line; the exit code.

    What is prepared stays so: each prepared case says of which files and how it was made, and a second call passes
    over those that would be the same.
    """
    places, call, output = list(dict.fromkeys(args.places)), secrets.token_hex(4), request.output.absolute()
    records = (record_of(place, request, call) for place in places)
    try:
        names = [place.name for place in places]
        return run_all(args, Tasks(names, records, output, "prepared cases", _words), prepare_task)
    finally:  # who had which name
        with contextlib.suppress(OSError), open_folder(output / FOLDER, output):
            shutil.rmtree(output / FOLDER / NAMES)
            (output / FOLDER).rmdir()


def _words(reply: dict[str, Any]) -> str:
    return "" if reply["known"] else str(reply["words"])
