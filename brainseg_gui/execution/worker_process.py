"""The program's end of one process that carries out tasks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, cast

from brainseg_gui.faults import scratch

_MODULE = "brainseg_gui.execution.child"
# One thread for each process: numbers of threads and of processes would multiply.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_ENVIRONMENT = dict.fromkeys(_THREADS, "1")


class WorkerProcess:
    """A process that carries out one task after the other, started with ``-P``: never from a case's folder."""

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

    def ask(self, function: str, arguments: Sequence[Any]) -> dict[str, Any] | None:
        """Have a task done, ``module:name`` and what it is given; None when the process died over it."""
        stdin, stdout = cast(Any, self._process.stdin), cast(Any, self._process.stdout)
        try:
            stdin.write(json.dumps({"function": function, "arguments": list(arguments)}) + "\n")
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
