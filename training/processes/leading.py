"""Process 0 of several: gathers the others, and starts them where they run on its own computer."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator

from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.storage.writing import open_derived
from training.errors import TrainingError
from training.processes.backend import check_backend, join_backend
from training.processes.group import ALONE, Leader, OnLoss, ProcessGroup
from training.processes.meeting import gather, open_doors
from training.processes.place import Place


@contextlib.contextmanager
def leading(folder: RunFolder, place: Place, on_loss: OnLoss) -> Iterator[ProcessGroup]:
    """The group of a run's processes, connected; they end with the block.

    Parameters
    ----------
    on_loss
        Is told, in a thread, which of them is gone; does not return.

    Raises
    ------
    TrainingError
        If they cannot be gathered.
    """
    if place.count == 1:
        yield ALONE
        return
    check_backend()
    server, place = open_doors(place)
    with server:
        children = [] if place.launched else [_start(folder, place, rank) for rank in range(1, place.count)]
        try:
            peers = gather(server, place, run_key(folder), lambda: _check(children, place))
        except BaseException:
            for child in children:
                child.kill()
            raise
    group = Leader(place, peers, on_loss)
    end = "failed"
    try:
        join_backend(group, place.host)
        yield group
        end = "ended"
    finally:
        group.close(end)


def run_key(folder: RunFolder) -> str:
    """What processes of one run have in common: its settings."""
    with open_derived(folder.config_file, "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest()


def _start(folder: RunFolder, place: Place, rank: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "training", str(folder.path), "--launched"]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, env={**os.environ, **place.environment(rank)})


def _check(children: list[subprocess.Popen[bytes]], place: Place) -> None:
    for rank, child in enumerate(children, start=1):
        if child.poll() is not None:
            sentence = f"process {rank} of {place.count} ended before the training began"
            raise TrainingError(sentence, "The log says why; resume the run")
