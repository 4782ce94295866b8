"""What a task answers that could not be done."""

from __future__ import annotations

import traceback
from typing import Any

from brainseg_gui.errors import BrainsegError, EngineError, SaveError
from brainseg_gui.execution.fitness import worker_name


def failed(error: Exception, what: str) -> dict[str, Any]:
    """The answer: ``failed``, a sentence, with ``input`` (whether what was given is at fault), ``again``, ``trace``.

    Parameters
    ----------
    what
        What was worked on.
    """
    return {
        "failed": str(error) if isinstance(error, BrainsegError) else f"{what}: {error!r}",
        "input": isinstance(error, BrainsegError) and not isinstance(error, (EngineError, SaveError)),
        "again": isinstance(error, (EngineError, OSError)),
        "worker": worker_name(),
        "trace": "".join(traceback.format_exception(error)),
    }
