"""Segmenting a cohort with the engine of this process, by the same manifest as workers elsewhere."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.inference.cohorts.case_job import CaseJob
from brainseg_gui.inference.cohorts.cohort import CohortSegmentation
from brainseg_gui.inference.cohorts.run_records import RunRecords
from brainseg_gui.progress import Progress

if TYPE_CHECKING:
    from brainseg_gui.inference.engine.engine import Engine
    from brainseg_gui.inference.models.model_folder import ModelFolder


def segment_here(
    engine: Engine, model: ModelFolder, records: RunRecords, jobs: Sequence[CaseJob]
) -> Generator[Progress, None, None]:
    """Segment what is not done; see `CohortSegmentation.run`."""
    looking = in_background(lambda: records.votes, "read cohort")
    votes = yield from waited_for(looking, Progress("looking at what is done", 0.0))
    settings = records.settings
    work = CohortSegmentation(
        engine,
        model,
        settings.options,
        overwrite=settings.overwrite,
        regrid=settings.regrid,
        votes=votes,
        entry_of=records.entry_of,
    )
    yield from work.run(jobs)
