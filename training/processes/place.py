"""Which of the processes of a run this one is, as whoever started it says: the run's own trainer, SLURM or torchrun."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from training.errors import TrainingError

RANK, COUNT, ADDRESS = "BRAINSEG_RANK", "BRAINSEG_PROCESSES", "BRAINSEG_LEADER"
_LOWEST_PORT, _PORTS = 20_000, 12_000  # below those that systems give to outgoing connections


@dataclass(frozen=True)
class Place:
    """One of several processes.

    Parameters
    ----------
    rank
        Its number; 0 decides and writes, the others follow.
    count
        How many there are.
    host, port
        Where process 0 waits for the others; port 0: any that is free.
    launched
        Whether somebody else starts the others.
    """

    rank: int = 0
    count: int = 1
    host: str = "127.0.0.1"
    port: int = 0
    launched: bool = False

    def environment(self, rank: int) -> dict[str, str]:
        """What tells another process of the same run its place."""
        return {RANK: str(rank), COUNT: str(self.count), ADDRESS: f"{self.host}:{self.port}"}


def launched_place(given: Mapping[str, str] | None = None) -> Place:
    """The place of a process that was started as one of several.

    Raises
    ------
    TrainingError
        If the environment does not say it.
    """
    given = os.environ if given is None else given
    for place in (_own, _of_torchrun, _of_slurm):
        try:
            found = place(given)
        except (KeyError, ValueError, IndexError):
            continue
        if 0 <= found.rank < found.count:
            return found
    remedy = "Start it with srun or torchrun, as docs/cluster.md says, or leave --launched out"
    raise TrainingError("--launched was given, and nothing says which process of how many this is", remedy)


def _own(given: Mapping[str, str]) -> Place:
    host, _, port = given[ADDRESS].rpartition(":")
    return Place(int(given[RANK]), int(given[COUNT]), host, int(port), True)


def _of_torchrun(given: Mapping[str, str]) -> Place:
    """torchrun keeps the port of its address to itself: the next one is ours."""
    return Place(
        int(given["RANK"]), int(given["WORLD_SIZE"]), given["MASTER_ADDR"], int(given["MASTER_PORT"]) + 1, True
    )


def _of_slurm(given: Mapping[str, str]) -> Place:
    """The first node of the step, and a port that belongs to the job."""
    step = f"{given['SLURM_JOB_ID']}.{given.get('SLURM_STEP_ID', '0')}"
    port = _LOWEST_PORT + int(step.replace(".", "")) % _PORTS
    return Place(int(given["SLURM_PROCID"]), int(given["SLURM_NTASKS"]), _first_node(given), port, True)


def _first_node(given: Mapping[str, str]) -> str:
    """``gpu[07-09,12],login`` -> ``gpu07``."""
    nodes = given.get("SLURM_STEP_NODELIST") or given.get("SLURM_JOB_NODELIST") or socket.gethostname()
    name = re.match(r"([^\[,]*)(?:\[([^\],-]*))?", nodes)
    return "".join(part or "" for part in name.groups()) if name else nodes
