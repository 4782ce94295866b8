"""Segmenting a list of cases whose masks lie beside their images: on the engine of this process, or by workers."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.errors import SaveError
from brainseg_gui.execution.claim import ClaimedError, claimed_manifest
from brainseg_gui.execution.clusters import Workers
from brainseg_gui.execution.run import TaskFunction
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.inference.cohorts.case_job import CaseJob
from brainseg_gui.inference.cohorts.case_record import RunSettings
from brainseg_gui.inference.cohorts.case_task import segment_task
from brainseg_gui.inference.cohorts.cohort import CohortSegmentation, HasMask, Steps
from brainseg_gui.inference.cohorts.cohort_here import segment_here
from brainseg_gui.inference.cohorts.cohort_tasks import CohortTasks
from brainseg_gui.inference.cohorts.run_records import RunRecords, entries_in
from brainseg_gui.progress import Progress
from brainseg_gui.storage.folder import open_folder
from brainseg_gui.storage.leftovers import sweep

if TYPE_CHECKING:
    from brainseg_gui.inference.engine.engine import Engine
    from brainseg_gui.inference.models.model_folder import ModelFolder


@dataclass(frozen=True)
class ListRun:
    """What is to be segmented. No mask is replaced but those that a run made and nobody changed.

    Parameters
    ----------
    cohort
        The whole list, by which masks are read that do not say what their numbers mean.
    results
        The folder that gets the manifest.
    settings
        Nothing is claimed yet.
    only_without
        Pass over every case that has a mask, whoever made it.
    """

    jobs: Sequence[CaseJob]
    cohort: Sequence[CaseSource]
    results: Path
    settings: RunSettings
    only_without: bool = True

    def here(self, engine: Engine, model: ModelFolder) -> Steps:
        """Segment on an engine; see `CohortSegmentation.run`. Where no manifest can be kept, it goes without one."""
        left = yield from self._left()
        with ExitStack() as stack:
            try:
                records = self._records(stack)
            except ClaimedError:
                raise
            except SaveError:  # cases of several drives, below a folder that is not the person's
                alone = CohortSegmentation(
                    engine, model, self.settings.options, False, self.cohort, self.settings.regrid
                )
                yield from alone.run(left)
            else:
                yield from segment_here(engine, model, records, left)

    def on(self, workers: AbstractContextManager[Workers], retries: int, task: TaskFunction = segment_task) -> Steps:
        """Segment by tasks; see `CohortTasks.run`. What a killed worker left half written is removed at the end.

        Raises
        ------
        SaveError
            If the manifest cannot be kept.
        """
        left = yield from self._left()
        try:
            with ExitStack() as stack:
                work = CohortTasks(self._records(stack), left, retries, task)
                yield from stack.enter_context(closing(work.run(workers)))
        finally:
            for folder in {job.output.parent for job in left}:
                with contextlib.suppress(OSError), open_folder(folder) as opened:
                    sweep(opened)

    def _records(self, stack: ExitStack) -> RunRecords:
        claim = stack.enter_context(claimed_manifest(self.results, self.settings.key))
        return RunRecords(replace(self.settings, claim=claim), entries_in(self.results), self.cohort)

    def _left(self) -> Generator[Progress, None, list[CaseJob]]:
        left = []
        for number, job in enumerate(self.jobs):
            if self.only_without and job.is_taken:
                yield Progress("looking for masks", number / len(self.jobs), partial=HasMask(job))
            else:
                left.append(job)
        return left
