"""A scoring process: a line with a job comes in, a line with its result goes out, until the input ends.

``python -P -m brainseg_gui.evaluation.cohorts.child``; `workers` starts it. It ends by itself when the program
that started it is gone.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any, TextIO

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.cohorts.job import ScoreJob
from brainseg_gui.evaluation.cohorts.score import score_pair
from brainseg_gui.evaluation.records.to_json import case_entry
from brainseg_gui.faults.process_guard import guard_process

_TRIES = 3


def answer(job: ScoreJob) -> dict[str, Any]:
    """Score one pair: ``{"case": …, "key": …}``, or ``{"failed": sentence}``; no fault of one case ends the process."""
    try:
        return _scored(job)
    except BrainsegError as error:
        return {"failed": str(error)}
    except MemoryError:
        return {"failed": f"{job.pair.prediction}: there is not memory enough for it. Use fewer --processes."}
    except Exception as error:  # noqa: BLE001  a fault of the program in one case must not lose the others
        traceback.print_exc()
        return {"failed": f"{job.pair.prediction}: something went wrong inside the program ({error!r})"}


def _scored(job: ScoreJob) -> dict[str, Any]:
    """The result, and the key of the very bytes that it was made of: a mask may be replaced at any moment."""
    for _ in range(_TRIES):
        before = job.seen()
        case = case_entry(score_pair(job.pair, job.chosen, job.rules, job.model, job.regrid))
        if job.seen() == before:
            return {"case": case, "key": before.key}
    return {"failed": f"{job.pair.prediction}: it, or its reference, is being written. Score it when it is whole."}


def main() -> None:
    """Answer jobs; whatever a library prints goes to the standard error, the replies have the standard output."""
    guard_process()
    replies: TextIO = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    for line in sys.stdin:
        json.dump(answer(ScoreJob.from_line(line)), replies)
        replies.write("\n")
        replies.flush()


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(1)  # nobody listens any more
