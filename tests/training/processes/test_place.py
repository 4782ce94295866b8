"""Which process this is, as launchers say it."""

from __future__ import annotations

import pytest

from training.errors import TrainingError
from training.processes.place import Place, launched_place

SLURM = {"SLURM_JOB_ID": "4711", "SLURM_STEP_ID": "2", "SLURM_NTASKS": "4", "SLURM_PROCID": "3"}
TORCHRUN = {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "gpu01", "MASTER_PORT": "29500"}


def test_torchrun_says_it() -> None:
    assert launched_place(TORCHRUN) == Place(1, 2, "gpu01", 29501, launched=True)


@pytest.mark.parametrize(
    ("nodes", "first"),
    [
        ("gpu[07-09,12],login", "gpu07"),
        ("gpu3", "gpu3"),
        ("a,b", "a"),
        ("n[1,5]", "n1"),
        ("rack2-n[001-100]", "rack2-n001"),
    ],
)
def test_slurm_says_it(nodes: str, first: str) -> None:
    place = launched_place({**SLURM, "SLURM_STEP_NODELIST": nodes})
    assert (place.rank, place.count, place.host, place.launched) == (3, 4, first, True)
    assert 20_000 <= place.port < 32_000
    same = launched_place({**SLURM, "SLURM_STEP_NODELIST": nodes, "SLURM_PROCID": "0"})
    assert (same.host, same.port) == (place.host, place.port)


def test_a_run_says_it_to_the_processes_that_it_starts() -> None:
    leader = Place(0, 3, "127.0.0.1", 5000)
    assert launched_place({**SLURM, **TORCHRUN, **leader.environment(2)}) == Place(
        2, 3, "127.0.0.1", 5000, launched=True
    )


@pytest.mark.parametrize(
    "given", [{}, {**TORCHRUN, "RANK": "2"}, {**TORCHRUN, "MASTER_PORT": "x"}, {"SLURM_PROCID": "0"}]
)
def test_without_a_launcher_it_says_how_to_start(given: dict[str, str]) -> None:
    with pytest.raises(TrainingError, match="srun or torchrun"):
        launched_place(given)
