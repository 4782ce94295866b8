"""What a task answers that could not be done."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from typing import Any

from brainseg_gui.commands.terminal import FAULT, INPUT_FAULT
from brainseg_gui.errors import BrainsegError, EngineError, SaveError
from brainseg_gui.execution.fitness import worker_name


def exit_code(faults: Iterable[Exception]) -> int:
    """2 when only what was given is at fault; 1 when the engine, the disk or the program is; 0 without any."""
    of_input = [_is_of_input(fault) for fault in faults]
    return 0 if not of_input else INPUT_FAULT if all(of_input) else FAULT


def _is_of_input(fault: Exception) -> bool:
    return isinstance(fault, BrainsegError) and not isinstance(fault, (EngineError, SaveError))


def failed(error: Exception, what: str) -> dict[str, Any]:
    """The answer: ``failed``, a sentence, with ``input`` (whether what was given is at fault), ``again``, ``trace``.

    Parameters
    ----------
    what
        What was worked on.
    """
    return {
        "failed": str(error) if isinstance(error, BrainsegError) else f"{what}: {error!r}",
        "input": _is_of_input(error),
        "again": isinstance(error, (EngineError, OSError)),
        "worker": worker_name(),
        "trace": "".join(traceback.format_exception(error)),
    }
