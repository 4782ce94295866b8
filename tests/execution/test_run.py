"""Tasks on processes of this computer and on a cluster: the same answers, and each end is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from brainseg_gui.errors import BrainsegError
from brainseg_gui.execution.clusters import Workers, cluster_workers
from brainseg_gui.execution.run import ClusterLostError, TaskEnd, UnfitWorkerError, run_tasks
from tests.execution import stand_in_tasks


def _ends(workers: Workers, function: object, records: list[dict[str, object]], retries: int = 0) -> list[TaskEnd]:
    work = run_tasks(workers.executor, function, records, at_once=workers.at_once, retries=retries)  # type: ignore[arg-type]
    return sorted((end for end in work if end is not None), key=lambda end: end.number)


@pytest.fixture(params=["processes", "cluster"])
def workers(request: pytest.FixtureRequest) -> Iterator[Workers]:
    if request.param == "processes":
        yield request.getfixturevalue("two_processes")
    else:
        with cluster_workers(request.getfixturevalue("scheduler")) as found:
            yield found


def test_every_record_is_answered(workers: Workers) -> None:
    ends = _ends(workers, stand_in_tasks.double, [{"value": number} for number in range(20)])
    assert [(end.number, end.reply, end.tries) for end in ends] == [(n, {"value": 2 * n}, 1) for n in range(20)]


def test_a_fault_of_one_task_is_told_and_loses_no_other(workers: Workers) -> None:
    bad, good = _ends(workers, stand_in_tasks.raise_zero, [{"value": 0}, {"value": 1}], retries=3)
    assert good.reply == {"value": 1}
    assert bad.fault.startswith("something went wrong inside the program (")
    assert bad.tries == 1  # the same again would go wrong again


def test_what_workers_have_begun_is_told(workers: Workers, tmp_path: Path) -> None:
    """Two workers, five tasks that wait for a file: two are begun, the others when these have ended."""
    gate, begun = tmp_path / "gate", []
    work = run_tasks(
        workers.executor,
        stand_in_tasks.wait_for_file,
        [{"file": str(gate)}] * 5,
        at_once=5,
        on_begun=begun.append,
        has_begun=workers.has_begun,
    )
    while len(begun) < 2:
        assert next(work) is None
    for _ in range(3):
        assert next(work) is None
    assert len(begun) == 2
    gate.touch()
    assert len([end for end in work if end is not None]) == 5


def test_a_task_that_asks_for_another_try_gets_it(workers: Workers, tmp_path: Path) -> None:
    record = {"value": 1, "file": str(tmp_path / "begun")}
    (end,) = _ends(workers, stand_in_tasks.fail_once, [dict(record)], retries=1)
    assert (end.reply, end.tries) == ({"value": 1}, 2)
    (tmp_path / "begun").unlink()
    (end,) = _ends(workers, stand_in_tasks.fail_once, [dict(record)])
    assert (end.reply, end.tries) == ({"failed": "the disk is full", "again": True}, 1)


def test_a_worker_that_is_not_fit_ends_the_work_in_one_sentence(workers: Workers) -> None:
    with pytest.raises(UnfitWorkerError, match=r"the worker W has brainseg 0, and 1 is asked for\. Nothing was done"):
        _ends(workers, stand_in_tasks.be_unfit, [{}, {}])


def test_a_worker_that_dies_loses_its_task_unless_it_is_tried_again(two_processes: Workers, tmp_path: Path) -> None:
    (dead,) = _ends(two_processes, stand_in_tasks.die, [{}], retries=1)
    assert (dead.reply, dead.tries) == (None, 2)
    assert dead.fault == "its process died (exit code -9, perhaps for want of memory)"
    records = [{"value": number, "file": str(tmp_path / str(number))} for number in range(6)]
    ends = _ends(two_processes, stand_in_tasks.die_once, records, retries=1)
    assert [end.reply for end in ends] == [{"value": number} for number in range(6)]


def test_no_more_is_handed_over_than_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    monkeypatch.setattr(stand_in_tasks, "gate", threading.Event())
    records = ({"value": taken.append(number) or number} for number in range(100))  # type: ignore[func-returns-value]
    with ThreadPoolExecutor(2) as pool:
        work = run_tasks(pool, stand_in_tasks.wait_at_gate, records, at_once=5)
        assert next(work) is None
        assert taken == [0, 1, 2, 3, 4]
        work.close()
        assert taken == [0, 1, 2, 3, 4]
        stand_in_tasks.gate.set()


def test_a_scheduler_that_goes_away_is_told() -> None:
    class Gone(Executor):
        def submit(self, *_: object, **__: object) -> Future[object]:  # type: ignore[override]
            future: Future[object] = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with pytest.raises(ClusterLostError, match="the cluster's scheduler is gone"):
        list(run_tasks(Gone(), stand_in_tasks.double, [{"value": 1}], at_once=5))


def test_nothing_is_left_of_processes_that_are_shut_down_at_work(two_processes: Workers, tmp_path: Path) -> None:
    work = run_tasks(two_processes.executor, stand_in_tasks.wait_at_gate, [{}] * 4, at_once=2)
    assert next(work) is None
    mine = [p for p in psutil.Process().children() if "brainseg_gui.execution.child" in p.cmdline()]
    assert len(mine) == 2
    two_processes.executor.shutdown(cancel_futures=True)
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in mine)
    with pytest.raises(RuntimeError, match="after shutdown"):
        two_processes.executor.submit(stand_in_tasks.double, {"value": 1})
    work.close()


def test_nobody_at_an_address_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("brainseg_gui.execution.clusters._PATIENCE_S", 0.2)
    with (
        pytest.raises(BrainsegError, match="no Dask scheduler answers at tcp"),
        cluster_workers("tcp://127.0.0.1:9"),
    ):
        pass


def test_a_program_without_dask_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with (
        pytest.raises(BrainsegError, match=r"--cluster needs distributed, .* pip install 'brainseg\[cluster\]'"),
        cluster_workers("local"),
    ):
        pass
