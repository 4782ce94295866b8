"""Where ``--cluster`` leads: a Dask scheduler that runs already, one that a file describes, or processes from here.

Dask is imported when a cluster is asked for. Whoever gives a file of somebody else's runs nothing of it: it is read as
plain data, and options that would be commands of a job's script are refused; those belong into one's own
``~/.config/dask/jobqueue.yaml``.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brainseg_gui.errors import BrainsegError
from brainseg_gui.execution.cluster_file import ClusterFile, read_cluster_file
from brainseg_gui.execution.dask_executor import DaskExecutor
from brainseg_gui.execution.processes import LocalProcesses, default_processes

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local"
_SCHEMES = ("tcp", "tls", "ucx", "ws", "wss", "inproc")
_SLASHES_INPROC = 4  # inproc://host/process/number
_PATIENCE_S = 20
_TENDED_EVERY_S = 5
_OWN_DASHBOARD = "127.0.0.1:0"  # any free port: else Dask warns where somebody has its usual one
_HANDED_OVER = 1000  # tasks at once: enough to see that a cluster has to grow, few enough to cancel


@dataclass(frozen=True)
class Workers:
    """Who carries out tasks.

    Parameters
    ----------
    executor
        Takes them.
    at_once
        How many it is given at most.
    present
        How many there are now.
    has_begun
        Whether one of them has begun what a future of the executor stands for.
    """

    executor: Executor
    at_once: int
    present: Callable[[], int]
    has_begun: Callable[[Future[Any]], bool] = Future.running


@contextlib.contextmanager
def local_workers(processes: int | None = None) -> Iterator[Workers]:
    """Processes of this computer, killed at the end; as many as there are cores and memory for if None."""
    most = processes or default_processes()
    executor = LocalProcesses(most)
    try:
        yield Workers(executor, 2 * most, lambda: most)
    finally:
        executor.shutdown(cancel_futures=True)


@contextlib.contextmanager
def cluster_workers(where: str, processes: int | None = None) -> Iterator[Workers]:
    """Workers of a Dask cluster.

    Parameters
    ----------
    where
        ``local``, the address of a scheduler, or a file; see `docs/cluster.md`.
    processes
        How many workers of ``local``.

    Raises
    ------
    BrainsegError
        If Dask is missing, nobody answers at the address, or the file cannot be used.
    """
    _require("distributed", "the cluster extra")
    with contextlib.ExitStack() as stack:
        with _failures_in_words(where):
            client = _connect(where, processes, stack)
        _log_quietly()
        executor = DaskExecutor(client)
        try:
            yield Workers(executor, _HANDED_OVER, lambda: _workers_of(client), executor.has_begun)
        finally:
            with contextlib.suppress(Exception):  # a scheduler that is gone has nothing to cancel
                executor.shutdown(wait=False)


def _connect(where: str, processes: int | None, stack: contextlib.ExitStack) -> Client:
    if where == LOCAL:
        return _local_client(processes or default_processes(), stack)
    if where.partition("://")[0] in _SCHEMES:
        return _client_at(where, stack)
    found = read_cluster_file(Path(where))
    if found.address:
        return _client_at(found.address, stack)
    return _client_of(_described_cluster(found, Path(where)), stack)


def _client_at(address: str, stack: contextlib.ExitStack) -> Client:
    from distributed import Client

    try:
        _check_address(address)
        return stack.enter_context(Client(address, timeout=_PATIENCE_S))
    except (TypeError, ValueError, ImportError) as error:
        what = f"{address} cannot be used as the address of a scheduler ({error})"
        raise BrainsegError(
            what, "Write it as tcp://host:8786; tls needs Dask's own settings of certificates"
        ) from error


def _check_address(address: str) -> None:
    """Refuse what no client can be made for: one that fails while it starts may hang for minutes at its end.

    Raises
    ------
    ValueError, ImportError
        If there is no port, no certificate for TLS, no UCX, or no scheduler of this process that it could mean.
    """
    from distributed.comm.addressing import get_address_host_port
    from distributed.comm.registry import get_backend
    from distributed.security import Security

    scheme = address.partition("://")[0]
    get_backend(scheme)
    if scheme != "inproc":  # of a scheduler within this process
        get_address_host_port(address, strict=True)
    elif address.count("/") != _SLASHES_INPROC:
        raise ValueError("it names no scheduler of this process")
    if scheme in ("tls", "wss") and Security().get_connection_args("client").get("ssl_context") is None:
        raise ValueError("there are no certificates")


def _local_client(count: int, stack: contextlib.ExitStack) -> Client:
    """Processes of this computer, as many as asked for also when some die."""
    from distributed import LocalCluster
    from tornado.ioloop import PeriodicCallback

    cluster = LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=_OWN_DASHBOARD)
    client = _client_of(cluster, stack)
    client.register_worker_callbacks(_log_quietly)  # they have the person's terminal; on a cluster, logs of their own
    # a worker that is killed while it starts is not started anew by Dask: once all had died so, nobody was left
    tending = PeriodicCallback(lambda: cluster.scale(count), 1000 * _TENDED_EVERY_S)
    cluster.loop.add_callback(tending.start)
    stack.callback(cluster.loop.add_callback, tending.stop)  # before client and cluster are closed
    return client


def _client_of(cluster: Any, stack: contextlib.ExitStack) -> Client:
    from distributed import Client

    stack.enter_context(cluster)
    return stack.enter_context(Client(cluster, timeout=_PATIENCE_S))


def _described_cluster(found: ClusterFile, file: Path) -> Any:
    module, name = found.kind.maker
    _require(module.partition(".")[0], found.kind.package)
    make = getattr(import_module(module), name)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Port", UserWarning)  # of the dashboard, which somebody else has
            cluster = make(**found.options)
    except (TypeError, ValueError) as error:
        raise BrainsegError(f"{name} does not take it ({error})", "Correct the options", file) from error
    if found.adapt:
        cluster.adapt(**found.adapt)
    else:
        cluster.scale(**{found.kind.counted: found.jobs})
    return cluster


def _require(module: str, what: str) -> None:
    try:
        with _signals_kept():
            import_module(module)
    except ImportError as error:
        remedy = "Install it: pip install 'brainseg[cluster]'" if module == "distributed" else f"pip install {what}"
        raise BrainsegError(f"--cluster needs {module}, which is not installed", remedy) from error


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """dask-jobqueue takes Ctrl+C for itself when it is imported: a cancelled call would end as if all was well, and
    the window, which imports it in a thread, could not import it at all.
    """
    own = signal.signal
    signal.signal = lambda number, handler, /: signal.getsignal(number)  # type: ignore[assignment]
    try:
        yield
    finally:
        signal.signal = own


@contextlib.contextmanager
def _failures_in_words(where: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f"no Dask scheduler answers at {where} ({error.strerror or error})"
        raise BrainsegError(what, "Start dask scheduler, or correct the address") from error
    except RuntimeError as error:  # what Dask says of workers that do not start
        what = f"the workers of {where} do not start ({error.__cause__ or error})"
        raise BrainsegError(what, "Try again, with fewer --processes, or look at the cluster's log") from error


def _workers_of(client: Client) -> int:
    info: Mapping[str, Any] = client.scheduler_info()  # as it was told last, some seconds ago at most
    return len(info.get("workers", ()))


def _log_quietly() -> None:
    """Dask tells of every worker that comes and goes; what matters of that is told by the ends of tasks."""
    for name in (
        "",
        ".client",
        ".comm",
        ".core",
        ".deploy",
        ".nanny",
        ".scheduler",
        ".worker",
        ".worker.state_machine",
    ):
        logging.getLogger(f"distributed{name}").setLevel(logging.CRITICAL)
    logging.getLogger("tornado.application").setLevel(logging.CRITICAL)  # of a worker that was killed while it started
