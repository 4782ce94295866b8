"""Segmenting many cases: while the network works on one, the next is read and the last mask is written.

The command line and the window run the same generator; what it yields tells how each case ended.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from brainseg_gui.errors import BrainsegError, CaseError, SaveError
from brainseg_gui.imaging.cases.background_thread import waited_for
from brainseg_gui.imaging.cohorts.cohort_reading import CohortReading
from brainseg_gui.imaging.labelling.known_schemes import network_numbering
from brainseg_gui.imaging.labels import LabelMap, from_network_classes
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.inference.cohorts.ahead import PendingRead, Writing, start_reading, start_writing
from brainseg_gui.inference.cohorts.case_job import CaseJob
from brainseg_gui.progress import Progress, Result, retold

if TYPE_CHECKING:
    from pathlib import Path

    from brainseg_gui.imaging.case import Case, CaseSource
    from brainseg_gui.imaging.cohorts.cohort_scheme import Vote
    from brainseg_gui.inference.cohorts.mask_entry import MaskEntry
    from brainseg_gui.inference.engine.engine import Engine
    from brainseg_gui.inference.models.model_folder import ModelFolder
    from brainseg_gui.inference.options import SegmentOptions, SegmentResult

_SEGMENTED = 0.95  # of the work on one case
_LOG = logging.getLogger(__name__)

Steps = Generator[Progress, None, None]


@dataclass(frozen=True)
class AtWork:
    """A case is being worked on: how far, from 0 to 1."""

    job: CaseJob
    done: float


@dataclass(frozen=True, eq=False)
class Segmented:
    """The mask of a case is in its file.

    Parameters
    ----------
    seconds
        Of each stage.
    """

    job: CaseJob
    case: Case
    labels: LabelMap
    result: SegmentResult
    seconds: dict[str, float]


@dataclass(frozen=True)
class Refused:
    """A case that has no mask now, and why."""

    job: CaseJob
    error: Exception

    @property
    def sentence(self) -> str:
        """For people, with the case's name."""
        bug = f"unexpected {type(self.error).__name__}: {self.error}"
        words = str(self.error) if isinstance(self.error, BrainsegError) else bug
        return words if self.job.name in words else f"{self.job.name}: {words}"


@dataclass(frozen=True)
class HasMask:
    """A case that was passed over: its mask is there already.

    Parameters
    ----------
    told
        What the manifest tells of it, where it is the one that would be made; None where it is another.
    """

    job: CaseJob
    told: Mapping[str, Any] | None = None

    @property
    def error(self) -> SaveError:
        """Why the case has not the mask that was asked for, where it has another."""
        return SaveError("the file exists", "Give --overwrite", self.job.output)


Outcome = AtWork | Segmented | Refused | HasMask


@dataclass
class CohortSegmentation:
    """One engine for all cases.

    Parameters
    ----------
    overwrite
        Whether masks that exist are replaced; else their cases are passed over.
    cohort
        The cases that belong together, by which masks are read that do not say what their numbers mean.
    regrid
        What may be done with a case's own mask that lies on another grid.
    votes
        How silent masks of the cohort are read, where that was asked before; then `cohort` is not.
    entry_of
        What a manifest has to do with a case: masks that it knows are passed over, and those that are made are entered.
    """

    engine: Engine
    model: ModelFolder
    options: SegmentOptions
    overwrite: bool = True
    cohort: Sequence[CaseSource] = ()
    regrid: RegridPolicy = RegridPolicy.STRICT
    votes: Mapping[Path, Vote] | None = None
    entry_of: Callable[[CaseJob], MaskEntry | None] = lambda _: None
    _entries: dict[Path, MaskEntry | None] = field(default_factory=dict)
    _replaceable: set[Path] = field(default_factory=set)
    _finished: int = 0
    _total: int = 0
    _reading: PendingRead | None = None
    _writing: Writing | None = None
    _together: CohortReading = field(init=False)

    def __post_init__(self) -> None:
        self._together = CohortReading(self.cohort, self.regrid, self.votes)

    def run(self, jobs: Sequence[CaseJob]) -> Steps:
        """Segment every case; a fault is told, and the next case comes.

        Yields
        ------
        Progress
            Of all cases, with an `Outcome` as its partial result. Closing the generator cancels: a mask that is being
            written is written to its end.
        """
        self._finished, self._total = 0, len(jobs)
        self._entries.clear()
        self._replaceable.clear()
        try:
            jobs = yield from self._without_masks(jobs)
            for job, after in zip_longest(jobs, jobs[1:]):
                try:
                    yield from self._segment(job, after)
                except Exception as error:  # noqa: BLE001  a bug too must not cost the other cases
                    yield from self._end_writing()  # what came before is told before
                    yield self._refuse(job, error)
            yield from self._end_writing()
        finally:
            if self._reading is not None:
                self._reading.stop.set()
            if self._writing is not None:
                wait([self._writing.written])  # half a mask is none

    def _without_masks(self, jobs: Sequence[CaseJob]) -> Generator[Progress, None, list[CaseJob]]:
        left = []
        for job in jobs:
            if (there := self._mask_there(job)) is not None:
                yield self._ended(there)
            else:
                left.append(job)
        return left

    def _mask_there(self, job: CaseJob) -> HasMask | None:
        """The mask of a case that is to be left as it is."""
        entry = self._entries[job.output] = self.entry_of(job)
        if entry is not None and (told := entry.made()) is not None:
            return HasMask(job, told)
        if not job.is_taken:
            return None
        if self.overwrite or (entry is not None and entry.may_replace()):
            self._replaceable.add(job.output)
            return None
        return HasMask(job, entry.made_meanwhile() if entry is not None else None)

    def _segment(self, job: CaseJob, after: CaseJob | None) -> Steps:
        reading, self._reading = self._reading, None
        try:
            if job.source is None:
                raise job.fault or CaseError("no case was found", "Check the name", job.output)
            if not self._may_replace(job) and job.is_taken:  # another run made it meanwhile: no need to segment
                raise SaveError("the file exists by now", "Another run may have made it", job.output)
            reading = reading or self._start_reading(job, job.source)
            case, reading_s = yield from waited_for(reading.case, self._at_work(job, Progress("reading", 0.0)))
        except BaseException:
            if reading is not None:
                reading.stop.set()
            raise
        finally:
            self._reading = self._read_ahead(after)
        case = yield from self._follow(job, self._together.read(case))
        result = yield from self._follow(job, self.engine.segment(case, self.model, self.options))
        yield from self._end_writing()
        scheme = network_numbering(job.numbering or case.scheme, self.model.passport.output.tissues)
        labels = LabelMap(from_network_classes(result.classes, scheme), case.grid, scheme)
        _ = labels.counts  # here, so that whoever shows volumes need not count
        seconds = {"reading": reading_s, **result.seconds}
        entry, overwrite = self._entries.get(job.output), self._may_replace(job)
        before_named = partial(entry.enter, doubts=case.doubts) if entry is not None else None
        self._writing = start_writing(
            job, case, labels, result, seconds, overwrite=overwrite, before_named=before_named
        )

    def _may_replace(self, job: CaseJob) -> bool:
        return self.overwrite or job.output in self._replaceable

    def _read_ahead(self, job: CaseJob | None) -> PendingRead | None:
        return self._start_reading(job, job.source) if job is not None and job.source is not None else None

    def _start_reading(self, job: CaseJob, source: CaseSource) -> PendingRead:
        entry = self._entries.get(job.output)
        return start_reading(source, self.regrid, entry.begin if entry is not None else None)

    def _follow(self, job: CaseJob, work: Generator[Progress, None, Result]) -> Generator[Progress, None, Result]:
        return retold(work, lambda step: self._at_work(job, replace(step, done=_SEGMENTED * step.done)))

    def _end_writing(self) -> Steps:
        """Wait for the last mask and tell that it is there."""
        writing = self._writing
        if writing is None:
            return
        job = writing.job
        try:
            saving_s = yield from waited_for(writing.written, self._at_work(job, Progress("saving", _SEGMENTED)))
        except Exception as error:  # noqa: BLE001  as above
            self._writing = None
            yield self._refuse(job, error)
            return
        self._writing = None
        seconds = {**writing.seconds, "saving": saving_s}
        yield self._ended(Segmented(job, writing.case, writing.labels, writing.result, seconds))

    def _at_work(self, job: CaseJob, progress: Progress) -> Progress:
        done = (self._finished + progress.done) / self._total
        return replace(progress, done=done, partial=AtWork(job, progress.done))

    def _refuse(self, job: CaseJob, error: Exception) -> Progress:
        entry = self._entries.get(job.output)
        if entry is not None and (told := entry.made_meanwhile()) is not None:
            return self._ended(HasMask(job, told))  # by another client
        if not isinstance(error, BrainsegError):
            _LOG.warning("%s failed", job.name, exc_info=error)
        return self._ended(Refused(job, error))

    def _ended(self, outcome: Segmented | Refused | HasMask) -> Progress:
        self._finished += 1
        return Progress("", self._finished / self._total, partial=outcome)
