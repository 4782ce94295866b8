"""Whether a worker is fit for a task: it has the program that whoever asks has, and keeps to its share of memory."""

from __future__ import annotations

import contextlib
import os
import socket
import sys

from brainseg_gui.free_memory import SHARE


def unfit_for(asked: str, own: str) -> str:
    """Why this process cannot do what is asked for, in a sentence without its full stop; empty where it can.

    Parameters
    ----------
    asked, own
        The version that is asked for, and the one of this process, with what else results depend on.
    """
    return f"the worker {worker_name()} has brainseg {own}, and {asked} is asked for" if asked != own else ""


def worker_name() -> str:
    """This process, for a sentence: its computer and number."""
    return f"{socket.gethostname()} (process {os.getpid()})"


def keep_to_share() -> None:
    """Tell the network's process how much memory a worker of Dask may take, whose nanny looks at the worker alone."""
    distributed = sys.modules.get("distributed")
    with contextlib.suppress(ValueError, AttributeError):  # no worker of Dask
        worker = distributed.get_worker() if distributed is not None else None
        if worker is not None and worker.nanny and worker.memory_manager.memory_limit:
            os.environ[SHARE] = str(worker.memory_manager.memory_limit)
