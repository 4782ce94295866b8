"""The task of scoring one pair: a record with the task comes in, one with its result goes out, wherever it runs."""

from __future__ import annotations

import traceback
from typing import Any

from brainseg_gui import __version__
from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.cohorts.score import score_pair
from brainseg_gui.evaluation.cohorts.scoring_task import METRICS, ScoringTask
from brainseg_gui.evaluation.records.to_json import case_entry
from brainseg_gui.execution.fitness import unfit_for

_TRIES = 3
PROGRAM = f"{__version__}, measures {METRICS}"
"""What numbers depend on besides files and settings: a worker with another one scores nothing."""


def score_task(record: dict[str, Any]) -> dict[str, Any]:
    """Score the pair of a record; see `answer`."""
    if sentence := unfit_for(record["program"], PROGRAM):
        return {"unfit": sentence}
    try:
        task = ScoringTask.from_line(record["job"])
    except BrainsegError as error:
        return {"failed": str(error)}
    return answer(task)


def answer(task: ScoringTask) -> dict[str, Any]:
    """Score one pair: ``{"case": …, "key": …}``, or ``{"failed": sentence}``; no fault of one case ends the process."""
    try:
        return _scored(task)
    except BrainsegError as error:
        return {"failed": str(error)}
    except MemoryError:
        return {"failed": f"{task.pair.prediction}: there is not memory enough for it. Use fewer --processes."}
    except Exception as error:  # noqa: BLE001  a fault of the program in one case must not lose the others
        traceback.print_exc()
        return {"failed": f"{task.pair.prediction}: something went wrong inside the program ({error!r})"}


def _scored(task: ScoringTask) -> dict[str, Any]:
    """The result, and the key of the very bytes that it was made of: a mask may be replaced at any moment."""
    for _ in range(_TRIES):
        before = task.seen()
        case = case_entry(score_pair(task.pair, task.chosen, task.rules, task.model, task.regrid))
        if task.seen() == before:
            return {"case": case, "key": before.key}
    return {"failed": f"{task.pair.prediction}: it, or its reference, is being written. Score it when it is whole."}
