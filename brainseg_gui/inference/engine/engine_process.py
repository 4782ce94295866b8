"""The program's end of the network's process: start it, talk to it, learn how it died."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from typing import BinaryIO, cast

from brainseg_gui.errors import EngineError
from brainseg_gui.faults import scratch
from brainseg_gui.inference.engine.engine_watch import ProcessWatch
from brainseg_gui.inference.engine.environment import NETWORK_ENVIRONMENT
from brainseg_gui.inference.engine.messages import Channel, Reply, Request

_MODULE = "brainseg_gui.inference.engine.child"
_LAST_WORDS_BYTES = 4000
_LOG = logging.getLogger(__name__)

_QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "GRPC_VERBOSITY": "ERROR",
    "PYTHONUNBUFFERED": "1",
}


class EngineProcess:
    """A child process that runs the network, and the thread that collects its replies."""

    def __init__(self) -> None:
        # stderr goes to a file: nobody has to drain it, and a crash's last words stay readable.
        self._stderr = scratch.words_file()  # closed by _collect
        self._last_words = ""
        self._warned = False
        self._process = self._start()
        stdin, stdout = cast(BinaryIO, self._process.stdin), cast(BinaryIO, self._process.stdout)
        self._channel = Channel(stdout, stdin)
        self._replies: queue.SimpleQueue[Reply | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._collect, name="engine-replies", daemon=True)
        self._heard = time.monotonic()
        self._reader.start()
        self._watch = ProcessWatch(self._process)

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", _MODULE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                env=NETWORK_ENVIRONMENT | {"KERAS_BACKEND": "tensorflow"} | os.environ | _QUIET | scratch.environment(),
            )
        except OSError as error:
            self._stderr.close()
            reason = error.strerror or str(error)
            raise EngineError(f"the network's process cannot be started ({reason})", "Close other programs") from error

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def send(self, request: Request) -> None:
        """Send a request.

        Raises
        ------
        EngineError
            If the process is gone.
        """
        self._heard = time.monotonic()
        try:
            self._channel.send(request)
        except (OSError, ValueError) as error:
            raise self.explain_death() from error

    def receive(self, timeout_s: float) -> Reply | None:
        """Wait for the next reply; None when none came in time.

        Raises
        ------
        EngineError
            If the process is gone.
        """
        try:
            reply = self._replies.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if reply is None:
            self._replies.put(None)
            raise self.explain_death()
        self._heard, self._warned = time.monotonic(), False
        return reply

    @property
    def silent_s(self) -> float:
        """For how long nothing was heard of it, in seconds; loading and a slow step can take half a minute."""
        return time.monotonic() - self._heard

    @property
    def idle_s(self) -> float:
        """For how long it has done nothing at all since it was last heard of, in seconds."""
        return min(self._watch.idle_s, self.silent_s)

    def warn_once(self, words: str) -> None:
        """Say something about a silence in the log, which the command line shows."""
        if not self._warned:
            _LOG.warning(words)
        self._warned = True

    def kill(self) -> None:
        """End the process without waiting: to give back gigabytes can take half a second."""
        self._process.kill()

    def close(self) -> None:
        """End the process and wait until no trace of it is left."""
        self._process.kill()
        self._reader.join()
        self._watch.close()

    def explain_death(self) -> EngineError:
        """The error that says how the process ended, with its last words as a note."""
        self._reader.join()
        cause = self._watch.cause or _cause(self._process.returncode)
        remedy = "close other programs, or use a smaller image or network" if self._watch.cause else "segment again"
        error = EngineError(f"the network's process {cause}", f"Nothing of the case is lost; {remedy}")
        if self._last_words:
            error.add_note(self._last_words)
        return error

    def _collect(self) -> None:
        """Pass replies on until the process ends, then tidy up after it, even when nobody asks any more."""
        while (reply := self._channel.receive()) is not None:
            self._replies.put(reply)
        self._process.wait()
        size = self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(0, size - _LAST_WORDS_BYTES))
        self._last_words = self._stderr.read().decode("utf-8", "replace").strip()
        for stream in (self._process.stdin, self._process.stdout, self._stderr):
            with contextlib.suppress(OSError):  # what was not sent to a dead process cannot be flushed
                cast(BinaryIO, stream).close()
        self._replies.put(None)


def _cause(code: int) -> str:
    """How a process ended, in words, from its return code."""
    if code >= 0:
        return f"ended by itself (exit code {code})"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = "; if nobody did that, the computer ran out of memory" if name == "SIGKILL" else ""
    return f"was ended by {name} (exit code {code}){hint}"
