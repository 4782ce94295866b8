"""What processes that train together tell each other, besides gradients: what process 0 decided, and that they live.

Each process holds one connection to process 0. What goes over it are lines of JSON: a follower says who it is and,
where it cannot go on, why; process 0 says what it decided, and how the run ended. The system closes the connection of a
process that was killed, so that its end is known at once, whatever the backend waits for meanwhile. How they find each
other stands in `meeting`.
"""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from brainseg_gui.plain_files import json_of
from training.processes.place import Place

_FAREWELL_S = 10.0
_LONGEST_LINE = 2**20

OnLoss = Callable[[str], None]


class ProcessGroup:
    """The processes of a run, as one of them sees them; this one is alone."""

    rank = 0
    count = 1

    def agree(self, value: Any) -> Any:
        """What process 0 gave, in every process; plain values. The others wait for it."""
        return value

    def wait_for_loss(self, seconds: float) -> None:
        """Leave a moment to who looks after the others: an error of this process may be the end of another."""

    def close(self, end: str) -> None:
        """Tell the others how the run ended."""


ALONE = ProcessGroup()


@dataclass(frozen=True)
class Peer:
    """Another process.

    Parameters
    ----------
    rank, words
        Its number, and ``process 1 of 2 (host, pid 4711)``.
    lines
        What is said to it and by it.
    """

    rank: int
    words: str
    lines: Lines


class Lines:
    """Lines of JSON over a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")

    def say(self, **values: Any) -> None:
        """Send a line.

        Raises
        ------
        OSError
            If the other is gone.
        """
        self._connection.sendall(json.dumps(values).encode() + b"\n")

    def hear(self) -> dict[str, Any] | None:
        """The next line; None when the other is gone, or says what is no line of ours."""
        with contextlib.suppress(OSError, ValueError):
            line = self._stream.readline(_LONGEST_LINE)
            if line.endswith(b"\n"):
                return cast("dict[str, Any] | None", json_of(line))
        return None

    def close(self) -> None:
        """End the connection."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)  # whoever waits for a line hears that there is none
        self._stream.close()
        self._connection.close()


class Leader(ProcessGroup):
    """Process 0: decides, writes, and ends all when one of the others is gone.

    Parameters
    ----------
    place
        Its place.
    peers
        The others.
    on_loss
        Is told, in a thread, which one is gone; does not return.
    """

    def __init__(self, place: Place, peers: Mapping[int, Peer], on_loss: OnLoss) -> None:
        self.count = place.count
        self._peers = peers
        self._on_loss = on_loss
        self._ending = threading.Lock()
        self._ears = [threading.Thread(target=self._listen, args=(peer,), daemon=True) for peer in peers.values()]
        for ear in self._ears:
            ear.start()

    def agree(self, value: Any) -> Any:
        for peer in self._peers.values():
            with contextlib.suppress(OSError):  # its ear hears that it is gone
                peer.lines.say(decided=value)
        return value

    def wait_for_loss(self, seconds: float) -> None:
        for ear in self._ears:
            ear.join(seconds / len(self._ears))

    def close(self, end: str) -> None:
        self._ending.acquire(timeout=_FAREWELL_S)  # for good: no end of another is a loss from now on
        self._dismiss(end)
        for ear in self._ears:
            ear.join(_FAREWELL_S)

    def _dismiss(self, end: str) -> None:
        for peer in self._peers.values():
            with contextlib.suppress(OSError):
                peer.lines.say(end=end)

    def _listen(self, peer: Peer) -> None:
        last = peer.lines.hear() or {}
        if self._ending.acquire(blocking=False):
            reason = last.get("failed")
            self._dismiss("failed")
            self._on_loss(f"{peer.words} {f'cannot go on: {reason}' if reason else 'ended without a word'}")


class Follower(ProcessGroup):
    """Any other process: does what process 0 decides, and ends with it.

    Parameters
    ----------
    place
        Its place.
    leader
        Process 0.
    on_end
        Is told, in a thread, how the run ended; does not return.
    on_loss
        Is told, in a thread, that process 0 is gone; does not return.
    """

    def __init__(self, place: Place, leader: Peer, on_end: OnLoss, on_loss: OnLoss) -> None:
        self.rank, self.count = place.rank, place.count
        self._leader = leader
        self._on_end, self._on_loss = on_end, on_loss
        self._decided: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._ear = threading.Thread(target=self._listen, daemon=True)
        self._ear.start()

    def agree(self, value: Any) -> Any:
        return self._decided.get()

    def wait_for_loss(self, seconds: float) -> None:
        self._ear.join(seconds)

    def close(self, end: str) -> None:
        """Wait for the end of process 0, which is that of this one."""
        if end == "failed":
            return
        self._ear.join()

    def fail(self, sentence: str) -> None:
        """Say why this process cannot go on."""
        with contextlib.suppress(OSError):
            self._leader.lines.say(failed=sentence)

    def _listen(self) -> None:
        while (said := self._leader.lines.hear()) is not None:
            if "end" in said:
                self._on_end(str(said["end"]))
                return
            self._decided.put(said.get("decided"))
        self._on_loss(f"{self._leader.words} ended without a word")
