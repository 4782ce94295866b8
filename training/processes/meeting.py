"""How processes that train together find each other: process 0 waits, the others come and say which run they train."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from training.errors import TrainingError
from training.processes.group import Lines, Peer
from training.processes.place import Place

GATHERED_WITHIN_S = 300.0
_HELLO_S, _RETRY_S = 10.0, 0.2
_QUIET_S, _ASK_EVERY_S, _ASKED = 15, 5, 6  # a computer that lost its power closes nothing: gone after 45 s


def open_doors(place: Place) -> tuple[socket.socket, Place]:
    """Where process 0 waits for the others, and its place with the port that it got.

    Raises
    ------
    TrainingError
        If the port is taken.
    """
    try:
        here = place.host if place.host == "127.0.0.1" else ""
        server = socket.create_server((here, place.port), backlog=place.count)
    except OSError as error:
        sentence = f"port {place.port} cannot be opened to the other processes ({error.strerror})"
        raise TrainingError(sentence, "Start the job again, or with another MASTER_PORT") from error
    return server, replace(place, port=server.getsockname()[1])


def gather(server: socket.socket, place: Place, run_key: str, check: Callable[[], object]) -> dict[int, Peer]:
    """Wait until every other process has come.

    Parameters
    ----------
    run_key
        What processes of the same run know.
    check
        Is called again and again meanwhile; may raise.

    Raises
    ------
    TrainingError
        If one does not come.
    """
    peers: dict[int, Peer] = {}
    last = time.monotonic() + GATHERED_WITHIN_S
    server.settimeout(1.0)
    while len(peers) < place.count - 1:
        check()
        with contextlib.suppress(TimeoutError):
            peer = _greeted(server.accept()[0], place, run_key)
            if peer is not None:
                peers[peer.rank] = peer
        if time.monotonic() > last:
            missing = sorted(set(range(1, place.count)) - set(peers))
            sentence = f"process {missing[0]} of {place.count} did not come within {GATHERED_WITHIN_S:.0f} s"
            raise TrainingError(sentence, "Its log says why; start the job again")
    return peers


def _greeted(connection: socket.socket, place: Place, run_key: str) -> Peer | None:
    """Who has come; None for strangers."""
    connection.settimeout(_HELLO_S)
    lines = Lines(connection)
    hello = lines.hear()
    rank = hello.get("rank") if isinstance(hello, dict) and hello.get("run") == run_key else None
    if not isinstance(rank, int) or not 0 < rank < place.count or hello is None:
        lines.close()
        return None
    _keep(connection)
    lines.say(host=socket.gethostname(), pid=os.getpid())
    return Peer(rank, _words(rank, place, hello), lines)


def join(place: Place, run_key: str) -> Peer:
    """Come to process 0.

    Raises
    ------
    TrainingError
        If it is not there, or trains another run.
    """
    for connection in _tries(place):
        _keep(connection)
        lines = Lines(connection)
        with contextlib.suppress(OSError):
            lines.say(rank=place.rank, run=run_key, host=socket.gethostname(), pid=os.getpid())
            answer = lines.hear()
            if answer is not None:
                return Peer(0, _words(0, place, answer), lines)
        lines.close()
        raise TrainingError(
            f"the process at {place.host}:{place.port} trains another run, or this one with another config.toml",
            "Give all processes the same run folder, on a drive that all computers see",
        )
    sentence = f"process 0 of {place.count} did not open {place.host}:{place.port} within {GATHERED_WITHIN_S:.0f} s"
    raise TrainingError(sentence, "Its log says why; start the job again")


def _tries(place: Place) -> Iterator[socket.socket]:
    last = time.monotonic() + GATHERED_WITHIN_S
    while time.monotonic() < last:
        try:
            yield socket.create_connection((place.host, place.port), _HELLO_S)
        except OSError:
            time.sleep(_RETRY_S)
        else:
            return


def _keep(connection: socket.socket) -> None:
    """Wait for lines however long a validation takes, but notice a computer that is gone."""
    connection.settimeout(None)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name, value in (("TCP_KEEPIDLE", _QUIET_S), ("TCP_KEEPINTVL", _ASK_EVERY_S), ("TCP_KEEPCNT", _ASKED)):
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _words(rank: int, place: Place, said: Mapping[str, Any]) -> str:
    return f"process {rank} of {place.count} ({said.get('host')}, pid {said.get('pid')})"
