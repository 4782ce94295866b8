"""Progress of long work: generators yield it, callers decide where to show it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Progress:
    """One step of long work.

    Parameters
    ----------
    stage
        What is being done, as a person would say it ("inferring").
    done
        Fraction of the whole work that is done, 0 to 1.
    detail
        Anything that changes within a stage ("window 3 of 12").
    partial
        What is already usable (a case with the modalities read so far), or None.
    """

    stage: str
    done: float
    detail: str = ""
    partial: Any = None


def run_to_end(work: Generator[Progress, None, Result], tell: Callable[[Progress], None] | None = None) -> Result:
    """Run a generator of progress, telling each step of it where that is asked for, and return its result."""
    while True:
        try:
            progress = next(work)
            if tell is not None:
                tell(progress)
        except StopIteration as end:
            result: Result = end.value
            return result


def retold(
    work: Generator[Progress, None, Result], words: Callable[[Progress], Progress]
) -> Generator[Progress, None, Result]:
    """Work whose progress is told in other words; it ends with whoever follows it."""
    with closing(work):
        while True:
            try:
                progress = next(work)
            except StopIteration as finish:
                result: Result = finish.value
                return result
            yield words(progress)


def scaled(work: Generator[Progress, None, Result], start: float, end: float) -> Generator[Progress, None, Result]:
    """Progress of one stage as progress of the whole."""
    return retold(work, lambda progress: replace(progress, done=start + (end - start) * progress.done))
