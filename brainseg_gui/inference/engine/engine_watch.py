"""What the network's process takes: it is ended before the last memory is gone, and known to do nothing any more."""

from __future__ import annotations

import contextlib
import subprocess
import threading

import psutil

from brainseg_gui.free_memory import described_bytes, free_memory_bytes

_LOOK_S = 0.1  # in which a network can take some hundred megabytes
_LAST_BYTES = 2**28  # of free memory: when no more is left the system kills anything, the window too
_MODEST_BYTES = 1.5 * 2**30  # an idle network has 1.1; one that takes less is not what takes the memory


class ProcessWatch:
    """Looks at a process ten times a second until it ends.

    A limit on its addresses would not do: TensorFlow reserves about three times what it uses.

    Attributes
    ----------
    idle_s
        For how long it used no processor, in seconds of this program: sleep of the computer does not count.
    cause
        Why it was ended; empty if it was not.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.idle_s = 0.0
        self.cause = ""
        self._process = process
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="engine-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more, and wait until nobody does."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        with contextlib.suppress(psutil.Error):  # it has ended
            process, used_s = psutil.Process(self._process.pid), -1.0
            while self._process.poll() is None and not self._over.is_set():
                before, used_s = used_s, sum(process.cpu_times()[:2])
                self.idle_s = self.idle_s + _LOOK_S if used_s == before else 0.0
                self._end_if_greedy(process.memory_info().rss)
                self._over.wait(_LOOK_S)

    def _end_if_greedy(self, taken: int) -> None:
        if taken > _MODEST_BYTES and free_memory_bytes() < _LAST_BYTES:
            self.cause = f"had taken {described_bytes(taken)} of memory and was ended before none was left"
            self._process.kill()
