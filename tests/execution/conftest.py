"""Workers of this computer, and a cluster in this very process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from brainseg_gui.execution.clusters import Workers, local_workers

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def two_processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    """Two processes that find the tests' tasks."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with local_workers(2) as workers:
        yield workers


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """Address of a scheduler with two workers, all threads of this process; they end with the file that needs them."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0") as made:
        yield made.scheduler_address
