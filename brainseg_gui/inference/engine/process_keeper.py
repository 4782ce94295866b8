"""The one process that an engine keeps alive: started when needed, stopped when asked, killed if it must be."""

from __future__ import annotations

import atexit
import contextlib
import threading
import time
from collections.abc import Iterator

from brainseg_gui.errors import EngineError
from brainseg_gui.inference.engine.engine_process import EngineProcess
from brainseg_gui.inference.engine.messages import Failed, FeaturesFound, Finished, Stop, Stopped

STOP_WITHIN_S = 0.35  # and the caller may take 0.1 s to notice a wish to cancel
STUCK_AFTER_S = 15.0  # then a cancel does not wait for a model to be loaded


class ProcessKeeper:
    """Starts another process in the place of one that died or was given up."""

    def __init__(self) -> None:
        self.process: EngineProcess | None = None
        self._given_up: list[EngineProcess] = []  # killed, and waited for at the end
        self._changing = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Process id, or None when there is none."""
        process = self.process
        return process.pid if process is not None and process.alive else None

    def living(self) -> EngineProcess:
        """The process, started now if there is none."""
        with self._changing:
            if self.process is not None and not self.process.alive:
                self.process.close()
                self.process = None
            if self.process is None:
                self.process = EngineProcess()
                atexit.register(self.close)
            return self.process

    def stop(self, process: EngineProcess, serial: int) -> None:
        """End one piece of work: ask politely, then kill."""
        deadline = time.perf_counter() + STOP_WITHIN_S
        with contextlib.suppress(EngineError):  # it is dead already: stopped
            process.send(Stop(serial))
            while (left := deadline - time.perf_counter()) > 0:
                reply = process.receive(left)
                if isinstance(reply, (Stopped, Finished, FeaturesFound, Failed)) and reply.serial == serial:
                    return
        self.give_up(process)

    def give_up(self, process: EngineProcess) -> None:
        """Kill it; the next work starts another."""
        with self._changing:
            if self.process is process:
                self.process = None
            self._given_up = [*(other for other in self._given_up if other.alive), process]
        process.kill()

    @contextlib.contextmanager
    def ending_if_stuck(self, process: EngineProcess) -> Iterator[None]:
        """A cancel leaves a process that loads alone, but not one that has said nothing for long: it may never."""
        try:
            yield
        except GeneratorExit:
            if process.silent_s > STUCK_AFTER_S:
                self.give_up(process)
            raise

    def close(self) -> None:
        """End the process, if there is one."""
        with self._changing:
            processes = [*self._given_up, *([self.process] if self.process is not None else [])]
            self.process, self._given_up = None, []
        for process in processes:
            process.close()
        atexit.unregister(self.close)
