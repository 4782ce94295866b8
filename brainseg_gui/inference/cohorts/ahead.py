"""What is done beside the network's work on a cohort: the next case is read, and the last mask is written."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from brainseg_gui.errors import BrainsegError, Cancelled
from brainseg_gui.storage.leftovers import tidy

if TYPE_CHECKING:
    from brainseg_gui.imaging.case import Case, CaseSource
    from brainseg_gui.imaging.labels import LabelMap
    from brainseg_gui.imaging.regrid_policy import RegridPolicy
    from brainseg_gui.inference.cohorts.case_job import CaseJob
    from brainseg_gui.inference.options import SegmentResult

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class PendingRead:
    """A case that is being read.

    Parameters
    ----------
    case
        The case, and the seconds that it took.
    stop
        Ends it early.
    """

    name: str
    case: Future[tuple[Case, float]]
    stop: Event


@dataclass(frozen=True)
class Writing:
    """A mask that is being written.

    Parameters
    ----------
    written
        The seconds that it took.
    seconds
        Of the stages before.
    """

    job: CaseJob
    case: Case
    labels: LabelMap
    result: SegmentResult
    seconds: dict[str, float]
    written: Future[float]


def start_reading(source: CaseSource, regrid: RegridPolicy, before: Callable[[], None] | None = None) -> PendingRead:
    """Begin to read a case; `regrid` tells what may be done with a mask on another grid, `before` is called first."""
    from brainseg_gui.imaging.cases.background_thread import in_background

    stop = Event()
    return PendingRead(source.case_id, in_background(partial(_read, source, regrid, stop, before), "read ahead"), stop)


def start_writing(
    job: CaseJob,
    case: Case,
    labels: LabelMap,
    result: SegmentResult,
    seconds: dict[str, float],
    *,
    overwrite: bool,
    before_named: Callable[[Path], None] | None = None,
) -> Writing:
    """Begin to write a mask; see `write_labels`. Whoever calls waits for it, at the end of the program too."""
    from brainseg_gui.imaging.cases.background_thread import in_background

    work = partial(_write, job.output, labels, case, result, overwrite, job.chosen, before_named)
    return Writing(job, case, labels, result, seconds, in_background(work, "write behind"))


def _read(
    source: CaseSource, regrid: RegridPolicy, stop: Event, before: Callable[[], None] | None
) -> tuple[Case, float]:
    """Read a case; a mask that cannot be used is no reason not to segment."""
    started = time.perf_counter()
    tidy([source.folder])
    if before is not None:
        before()
    try:
        case = _read_whole(source, regrid, stop)
    except Cancelled:
        raise
    except BrainsegError as error:
        if source.reference is None:
            raise
        case = _read_whole(replace(source, reference=None), regrid, stop)
        case = replace(case, notes=(*case.notes, f"The mask of the case was left out: {error}"))
    return case, time.perf_counter() - started


def _read_whole(source: CaseSource, regrid: RegridPolicy, stop: Event) -> Case:
    from brainseg_gui.imaging.cases.read_case import read_case

    with closing(read_case(source, regrid=regrid)) as work:
        while True:
            try:
                next(work)
            except StopIteration as finish:
                case: Case = finish.value
                return case
            if stop.is_set():
                raise Cancelled


def _write(
    output: Path,
    labels: LabelMap,
    case: Case,
    result: SegmentResult,
    overwrite: bool,
    chosen: bool,
    before_named: Callable[[Path], None] | None,
) -> float:
    from brainseg_gui.imaging.cases.sureness_note import write_sureness
    from brainseg_gui.imaging.formats.save import write_labels

    started = time.perf_counter()
    with suppress(OSError):  # another call that failed may have removed the folder, empty as it was; writing says more
        output.parent.mkdir(parents=True, exist_ok=True)
    write_labels(
        output,
        labels,
        case.header,
        overwrite=overwrite,
        chosen=chosen,
        made_by=result.model,
        before_named=before_named,
    )
    if result.sure_ml:
        try:
            write_sureness(output, labels.values, result.model, result.sure_ml)
        except OSError:  # the mask is what was asked for
            _LOG.warning("how sure the network was is not kept beside %s", output, exc_info=True)
    return time.perf_counter() - started
