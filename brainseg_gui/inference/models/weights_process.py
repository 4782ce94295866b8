"""`read_architecture` in a process of its own: ``python -m brainseg_gui.inference.models.weights_process FILE``.

The library that reads HDF5 crashes or never comes back on some damaged files. So it meets a file for the first time
here, where it reads every attribute and every number once, and where it may run only so long and take only so much.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from brainseg_gui.errors import EngineError, ModelError
from brainseg_gui.inference.models.weights_check import Architecture, read_architecture

_CPU_S = 5  # a network of the usual size takes a tenth of that
_BYTES_PER_S = 20e6  # a slow computer, and compressed weights
_PATIENCE_S = 300.0  # by the clock: a network folder may be slow
_MEMORY_BYTES = 2**30
_LAST_WORDS = 2000


def read_apart(path: Path) -> Architecture:
    """The network that a weights file describes; whatever the file does to its reader, this process lives on.

    Raises
    ------
    ModelError
        As `read_architecture`, and if the reader crashes or does not come to an end.
    EngineError
        If no process can be started.
    """
    command = [sys.executable, "-P", "-m", "brainseg_gui.inference.models.weights_process", os.fspath(path)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise unreadable(path, "reading it takes too long") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise EngineError(f"no process can be started to check the model ({reason})", "Close other programs") from error
    if done.returncode:
        fault = unreadable(path, _cause(done.returncode))
        fault.add_note(done.stderr.decode("utf-8", "replace")[-_LAST_WORDS:].strip())
        raise fault
    answer = json.loads(done.stdout)
    if "what" in answer:
        raise ModelError(answer["what"], answer["remedy"], path)
    return Architecture(answer["config"], answer["weights"])


def _cause(code: int) -> str:
    ran_on = code == -getattr(signal, "SIGXCPU", 0)
    return "reading it never ends" if ran_on else "it makes its reader crash"


def unreadable(path: Path, why: str) -> ModelError:
    """The error of a file that its reader does not survive."""
    return ModelError(f"it is damaged: {why}", "Copy the file again from its source", path)


def limit_reader(path: Path) -> None:
    """Let this process use only so much time and memory, where the system can."""
    try:
        import resource
    except ImportError:
        return
    size = path.stat().st_size
    seconds = _CPU_S + int(size / _BYTES_PER_S)
    with contextlib.suppress(OSError, ValueError):  # a lower limit is in force already
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))  # the first is SIGXCPU, the second SIGKILL
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES + 4 * size, _MEMORY_BYTES + 4 * size))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Read the file that the command line names; the answer goes to standard output as JSON."""
    path = Path(sys.argv[1])
    try:
        with contextlib.suppress(OSError):
            limit_reader(path)
        found = read_architecture(path)
        answer = {"config": found.config, "weights": found.weights}
    except MemoryError:
        answer = {"what": "its content does not fit into memory", "remedy": "Use a smaller network"}
    except ModelError as error:
        answer = {"what": error.what, "remedy": error.remedy}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
