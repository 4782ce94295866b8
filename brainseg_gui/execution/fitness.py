"""Whether a worker is fit for a task: it has the program that whoever asks has."""

from __future__ import annotations

import os
import socket


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
