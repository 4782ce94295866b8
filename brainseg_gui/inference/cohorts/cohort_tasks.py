"""Segmenting a cohort wherever tasks run: what the manifest knows is passed over, each other case is one task."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from brainseg_gui.execution.clusters import Workers
from brainseg_gui.execution.run import WAITING, TaskEnd, TaskFunction, run_tasks
from brainseg_gui.inference.cohorts.case_job import CaseJob
from brainseg_gui.inference.cohorts.case_record import CaseRecord, inputs_of
from brainseg_gui.inference.cohorts.case_task import segment_task
from brainseg_gui.inference.cohorts.cohort import AtWork, Refused
from brainseg_gui.inference.cohorts.run_records import RunRecords
from brainseg_gui.progress import Progress


@dataclass(frozen=True)
class CaseEnd:
    """How a case of a run ended.

    Parameters
    ----------
    told
        What is told of its mask; None where there is none.
    known
        Whether the mask was there already, as this run would make it.
    fault
        Why there is no mask, in a sentence.
    of_input
        Whether the case itself is at fault.
    kept
        Whether that is because another mask is there.
    log
        What a person needs to find out more.
    """

    job: CaseJob
    told: Mapping[str, Any] | None = None
    known: bool = False
    fault: str = ""
    of_input: bool = False
    kept: bool = False
    log: str = ""


@dataclass
class CohortTasks:
    """The cases of a cohort as tasks."""

    records: RunRecords
    jobs: Sequence[CaseJob]
    retries: int = 0
    task: TaskFunction = segment_task
    _ended: int = field(default=0, init=False)

    def run(self, workers: AbstractContextManager[Workers]) -> Generator[Progress, None, None]:
        """Segment what is not done; workers are asked for when there is something to do.

        Yields
        ------
        Progress
            Of all cases, some times a second; an `AtWork` as its partial result when one is begun, a
            `CaseEnd` when one ended. Closing the generator cancels: cases that workers have begun on a cluster are
            given up when the claim is gone.

        Raises
        ------
        BrainsegError
            If a worker cannot do the work, or the cluster is gone.
        """
        yield Progress("looking at what is done", 0.0)
        left: list[CaseRecord] = []
        for job in self.jobs:
            if (end := self._told_at_once(job, left)) is not None:
                yield self._progress(end)
        if left:
            yield Progress("asking for workers", self._ended / len(self.jobs))
            with workers as found:
                yield from self._carried_out(left, found)

    def _carried_out(self, left: Sequence[CaseRecord], workers: Workers) -> Generator[Progress, None, None]:
        records = (record.as_record() for record in left)
        begun: list[int] = []
        ends = run_tasks(
            workers.executor,
            self.task,
            records,
            at_once=workers.at_once,
            retries=self.retries,
            on_begun=begun.append,
            has_begun=workers.has_begun,
        )
        with closing(ends):
            for end in ends:
                while begun:
                    yield replace(self._progress(None), partial=AtWork(left[begun.pop(0)].job, 0.0))
                told = self._progress(_end_of(end, left[end.number].job) if end is not None else None)
                yield told if workers.present() else replace(told, stage=WAITING)

    def _told_at_once(self, job: CaseJob, left: list[CaseRecord]) -> CaseEnd | None:
        """How a case ended without any work; else it is one of those that are left."""
        if job.source is None:
            refused = Refused(job, job.fault or ValueError("no case"))
            return CaseEnd(job, fault=refused.sentence, of_input=True)
        record = self.records.of(job)
        if any(entry.looks_current(record.key, _inputs(job), job.output) for entry in record.entries):
            return CaseEnd(job, {"case": job.name, "output": str(job.output)}, known=True)
        left.append(record)
        return None

    def _progress(self, end: CaseEnd | None) -> Progress:
        self._ended += end is not None
        return Progress("segmenting", self._ended / len(self.jobs), f"{self._ended} of {len(self.jobs)}", partial=end)


def _inputs(job: CaseJob) -> Iterator[Path]:
    """Files of a case; none where they cannot be listed, so that nothing looks current."""
    if job.source is not None:
        try:
            yield from inputs_of(job.source)
        except OSError:
            return


def _end_of(end: TaskEnd, job: CaseJob) -> CaseEnd:
    tries = f" It was tried {end.tries} times." if end.tries > 1 else ""
    if end.reply is None:
        return CaseEnd(job, fault=f"{job.name}: {end.fault}.{tries}", log=end.fault)
    if "failed" not in end.reply:
        return CaseEnd(job, end.reply, known=bool(end.reply.get("known")))
    log = "\n".join(str(end.reply[name]) for name in ("worker", "trace") if name in end.reply)
    fault = str(end.reply["failed"])
    fault = fault if job.name in fault else f"{job.name}: {fault}"
    return CaseEnd(
        job, fault=f"{fault}{tries}", of_input=bool(end.reply.get("input")), kept=bool(end.reply.get("kept")), log=log
    )
