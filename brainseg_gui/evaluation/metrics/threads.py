"""How many threads one process may use."""

from __future__ import annotations

import os


def query_threads() -> int:
    """Threads for a query of a tree: as many as ``OMP_NUM_THREADS`` says, else all cores (-1).

    A process that is one of many sets it to 1; scipy's trees do not look at it themselves.
    """
    said = os.environ.get("OMP_NUM_THREADS", "")
    return int(said) if said.isdigit() and int(said) > 0 else -1
