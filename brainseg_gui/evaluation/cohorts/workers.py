"""Scoring pairs in several processes: each has a thread that feeds it; one that dies loses only its own case.

Ours, not pebble: a process that dies says its last words here, what it wrote to stderr, which pebble does not keep; it
is started with ``-P``, never from a case's folder; and multiprocessing, on which pebble stands, forks the window with
its threads or imports the program's main module into every child. pebble also costs 80 ms of processor time to import.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.cohorts.job import ScoreJob
from brainseg_gui.faults import scratch
from brainseg_gui.free_memory import free_memory_bytes

_MODULE = "brainseg_gui.evaluation.cohorts.child"
# One thread for each process: numbers of threads and of processes would multiply.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_ENVIRONMENT = dict.fromkeys(_THREADS, "1")
_PROCESS_BYTES = 1_500_000_000  # a case of 240×240×155 with its four images, and room
_MOST_PROCESSES = 16
_WAIT_S = 0.2


@dataclass(frozen=True)
class JobOutcome:
    """What came of one job.

    Parameters
    ----------
    number
        Place of the job in the list.
    key
        `ScoreJob.key` of the bytes that were scored; empty when none were.
    case
        The scored case as `case_entry` wrote it, or None.
    failed
        Why there is none.
    known
        Whether the result was there already.
    """

    number: int
    key: str
    case: Mapping[str, Any] | None
    failed: str = ""
    known: bool = False


def default_processes() -> int:
    """As many as there are cores for this program and memory for them."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    room = int(free_memory_bytes() // _PROCESS_BYTES)
    return max(1, min(cores, room, _MOST_PROCESSES))


def answers(
    jobs: Sequence[ScoreJob], processes: int, known: Mapping[str, Mapping[str, Any]]
) -> Generator[JobOutcome | None, None, None]:
    """Score all jobs; answers come in the order in which they are ready, None when nothing is ready yet.

    Closing the iterator kills the processes.

    Parameters
    ----------
    known
        Results of an earlier run by `ScoreJob.key`; these are not scored again.
    """
    waiting: queue.SimpleQueue[tuple[int, ScoreJob]] = queue.SimpleQueue()
    for numbered in enumerate(jobs):
        waiting.put(numbered)
    ready: queue.SimpleQueue[JobOutcome | Exception] = queue.SimpleQueue()
    workers = [_Worker(waiting, ready, known) for _ in range(max(1, min(processes, len(jobs))))]
    try:
        for worker in workers:
            worker.start()
        left = len(jobs)
        while left:
            try:
                item = ready.get(timeout=_WAIT_S)
            except queue.Empty:
                yield None
                continue
            if isinstance(item, Exception):
                raise item
            left -= 1
            yield item
    finally:
        for worker in workers:
            worker.stop()
        for worker in workers:
            worker.join()


class _Worker(threading.Thread):
    """A thread and its process. The process is started for the first job whose result is not known."""

    def __init__(
        self,
        waiting: queue.SimpleQueue[tuple[int, ScoreJob]],
        ready: queue.SimpleQueue[JobOutcome | Exception],
        known: Mapping[str, Mapping[str, Any]],
    ) -> None:
        super().__init__(name="score", daemon=True)
        self._waiting, self._ready, self._known = waiting, ready, known
        self._process: _ScoringProcess | None = None
        self._lock = threading.Lock()
        self._stopped = False

    def stop(self) -> None:
        """Kill the process; the thread ends after it."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()

    def run(self) -> None:
        try:
            while not self._stopped:
                try:
                    number, job = self._waiting.get_nowait()
                except queue.Empty:
                    return
                self._ready.put(self._answer(number, job))
        except Exception as error:  # noqa: BLE001  whoever waits for the answers raises it
            self._ready.put(error)
        finally:
            if self._process is not None:
                self._process.end()

    def _answer(self, number: int, job: ScoreJob) -> JobOutcome:
        try:
            key = job.key()
        except BrainsegError as error:
            return JobOutcome(number, "", None, str(error))
        if key in self._known:
            return JobOutcome(number, key, self._known[key], known=True)
        process = self._living()
        if process is None:
            return JobOutcome(number, key, None, "stopped")
        reply = process.ask(job)
        if reply is None:
            failed = f"{job.pair.prediction}: its process died ({process.last_words()})"
            return JobOutcome(number, key, None, failed)
        # the key of what was read there: what was hashed here may have been replaced meanwhile
        return JobOutcome(number, str(reply.get("key", "")), reply.get("case"), str(reply.get("failed", "")))

    def _living(self) -> _ScoringProcess | None:
        """The process, started anew when it has died; None when all is to stop."""
        with self._lock:
            if self._stopped:
                return None
            if self._process is None or not self._process.alive:
                if self._process is not None:
                    self._process.end()
                self._process = _ScoringProcess()
            return self._process


class _ScoringProcess:
    """The program's end of one scoring process."""

    def __init__(self) -> None:
        # stderr goes to a file: nobody has to drain it, and a crash's last words stay readable
        self._stderr = scratch.words_file()  # closed by end
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env={**os.environ, **_ENVIRONMENT, **scratch.environment()},
            text=True,
            encoding="ascii",
        )

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def ask(self, job: ScoreJob) -> dict[str, Any] | None:
        """Have a job done; None when the process died over it."""
        stdin, stdout = cast(Any, self._process.stdin), cast(Any, self._process.stdout)
        try:
            stdin.write(job.as_line() + "\n")
            stdin.flush()
            line = stdout.readline()
            reply: dict[str, Any] | None = json.loads(line) if line.endswith("\n") else None
        except (OSError, ValueError):
            reply = None
        if reply is None:
            self._process.wait()
        return reply

    def last_words(self) -> str:
        """Exit code and last line of a process that died."""
        code = self._process.wait()
        self._stderr.seek(0)
        lines = self._stderr.read().decode(errors="replace").strip().splitlines()
        # -9 without a word is what a system that runs out of memory does
        reason = lines[-1] if lines else "perhaps for want of memory" if code == -9 else ""
        return f"exit code {code}{f', {reason}' if reason else ''}"

    def kill(self) -> None:
        """End it at once."""
        if self._process.poll() is None:
            self._process.kill()

    def end(self) -> None:
        """Let it end, and close what belongs to it."""
        for stream in (self._process.stdin, self._process.stdout):
            try:
                cast(Any, stream).close()
            except OSError:
                continue  # it was killed in the middle of a line
        self._process.wait()
        self._stderr.close()
