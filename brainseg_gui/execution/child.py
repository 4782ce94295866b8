"""A process that carries out tasks: a line with one comes in, a line with its result goes out, until the input ends.

``python -P -m brainseg_gui.execution.child``; `worker_process` starts it. It ends by itself when the program that
started it is gone.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from importlib import import_module
from typing import Any, TextIO

from brainseg_gui.faults.process_guard import guard_process


def answer(line: str) -> dict[str, Any]:
    """Carry out a task: ``{"result": …}``, or ``{"error": words}``; no fault of one task ends the process."""
    try:
        task = json.loads(line)
        module, _, name = task["function"].partition(":")
        return {"result": getattr(import_module(module), name)(*task["arguments"])}
    except MemoryError:
        return {"error": "MemoryError: there is not memory enough"}
    except Exception as error:  # noqa: BLE001  a fault of the program in one task must not lose the others
        traceback.print_exc()
        return {"error": repr(error)}


def main() -> None:
    """Answer tasks; whatever a library prints goes to the standard error, the replies have the standard output."""
    guard_process()
    replies: TextIO = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    for line in sys.stdin:
        replies.write(json.dumps(answer(line)) + "\n")
        replies.flush()


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(1)  # nobody listens any more
