"""From the series of an examination to images that a network takes: all steps, one after the other."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import replace
from functools import partial

from brainseg_gui.preparation.heads.finder import BrainFinder
from brainseg_gui.preparation.raw_examination import Choice, RawExamination
from brainseg_gui.preparation.steps.agreement import REGISTERING
from brainseg_gui.preparation.steps.placing import READING, RESAMPLING, read_series, register_series, resample_series
from brainseg_gui.preparation.steps.settling import SETTLING, settle_roles
from brainseg_gui.preparation.steps.stripping import (
    EVENING,
    FINDING,
    STRIPPING,
    find_brain,
    strip,
    take_out_shading,
)
from brainseg_gui.preparation.steps.work import PlacedSeries, PreparationWork, Step, StepDone, Wishes
from brainseg_gui.progress import Progress, scaled


def prepare(
    examination: RawExamination,
    choice: Choice,
    wishes: Wishes,
    finder: BrainFinder | None,
    placed: PlacedSeries | None = None,
) -> Generator[Progress, None, PreparationWork]:
    """Prepare an examination in memory: nothing is written.

    Parameters
    ----------
    choice
        Which series is what.
    finder
        Finds the brain; None where there is no such network: then the skull stays, and that is told.
    placed
        Where series lie that are not to be registered anew.

    Yields
    ------
    Progress
        After each step with the `PreparationWork` so far as its partial result. Closing the generator cancels.

    Raises
    ------
    BrainsegError
        If a series cannot be read, or the network fails.
    """
    work = PreparationWork(examination, choice, wishes, placed=placed)
    after = 0.0
    for name, step, share in _steps(finder):
        before, after = after, after + share
        started = time.perf_counter()
        work, sentences = yield from scaled(step(work), before, after)
        done = StepDone(name, sentences, time.perf_counter() - started)
        work = replace(work, done=(*work.done, done))
        yield Progress(name, after, partial=work)
    return work


def _steps(finder: BrainFinder | None) -> tuple[tuple[str, Step, float], ...]:
    """Name, step, and its share of the whole time."""
    return (
        (READING, read_series, 0.05),
        (REGISTERING, register_series, 0.45),
        (RESAMPLING, resample_series, 0.15),
        (FINDING, partial(find_brain, finder=finder), 0.2),
        (SETTLING, settle_roles, 0.05),
        (EVENING, take_out_shading, 0.05),
        (STRIPPING, strip, 0.05),
    )
