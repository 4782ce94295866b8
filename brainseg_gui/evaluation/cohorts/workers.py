"""Scoring pairs wherever tasks run: what is known already is found by its key, the others are handed to workers."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.cohorts.scoring import PROGRAM, score_task
from brainseg_gui.evaluation.cohorts.scoring_task import ScoringTask
from brainseg_gui.execution.clusters import Workers
from brainseg_gui.execution.run import TaskEnd, run_tasks

_HASHED_AT_ONCE = 8


@dataclass(frozen=True)
class TaskOutcome:
    """What came of one task.

    Parameters
    ----------
    number
        Place of the task in the list.
    key
        `ScoringTask.key` of the bytes that were scored; empty when none were.
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


def answers(
    tasks: Sequence[ScoringTask], workers: Workers, known: Mapping[str, Mapping[str, Any]], retries: int = 0
) -> Generator[TaskOutcome | None, None, None]:
    """Score all tasks; answers come in the order in which they are ready, None when nothing is ready yet.

    Parameters
    ----------
    known
        Results of an earlier run by `ScoringTask.key`; these are not scored again.
    retries
        How often a pair is tried again whose worker died.
    """
    left = list(range(len(tasks)))
    if known:
        left = []
        with closing(_looked_up(tasks, known)) as looked_up:
            for number, outcome in enumerate(looked_up):
                if outcome is None:
                    left.append(number)
                else:
                    yield outcome
    records = ({"program": PROGRAM, "job": tasks[number].as_line()} for number in left)
    ends = run_tasks(workers.executor, score_task, records, at_once=workers.at_once, retries=retries)
    with closing(ends):
        for end in ends:
            yield _outcome(end, left[end.number], tasks) if end is not None else None


def _looked_up(
    tasks: Sequence[ScoringTask], known: Mapping[str, Mapping[str, Any]]
) -> Generator[TaskOutcome | None, None, None]:
    """What is known of each task, in their order; None of those that are to be scored."""
    pool = ThreadPoolExecutor(_HASHED_AT_ONCE, thread_name_prefix="hash")
    try:
        for number, key in enumerate(pool.map(_key_of, tasks)):
            yield TaskOutcome(number, key, known[key], known=True) if key in known else None
    finally:
        pool.shutdown(cancel_futures=True)


def _key_of(task: ScoringTask) -> str:
    """Its key; empty where a file cannot be read: whoever scores it tells about that."""
    try:
        return task.key()
    except BrainsegError:
        return ""


def _outcome(end: TaskEnd, number: int, tasks: Sequence[ScoringTask]) -> TaskOutcome:
    reply = end.reply or {"failed": f"{tasks[number].pair.prediction}: {end.fault}"}
    # the key of what was read there: what was hashed here may have been replaced meanwhile
    return TaskOutcome(number, str(reply.get("key", "")), reply.get("case"), str(reply.get("failed", "")))
