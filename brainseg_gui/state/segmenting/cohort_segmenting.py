"""Segmenting a whole list of cases: how far each is, and how far all are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from psygnal import Signal

from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.state.segmenting.segmenting import Segmenting
from brainseg_gui.state.work import Work


class CaseStage(Enum):
    """How far one case is, in words for people."""

    WAITING = "waiting"
    AT_WORK = "at work"
    SEGMENTED = "segmented"
    HAD_MASK = "had a mask"
    FAILED = "failed"


@dataclass(frozen=True)
class CaseSegmenting:
    """One case of the list.

    Parameters
    ----------
    done
        Fraction done while it is at work.
    words
        What is being done, what was found, or what went wrong.
    output
        File of its mask, where there is one.
    """

    source: CaseSource
    stage: CaseStage = CaseStage.WAITING
    done: float = 0.0
    words: str = ""
    output: Path | None = None


class CohortSegmenting:
    """The list that is, or was last, segmented. Only its controller writes here."""

    case_changed = Signal(Path)
    """One case, by its place, is further."""

    list_changed = Signal()
    """Another list is shown."""

    def __init__(self) -> None:
        self.work = Work()
        self._cases: dict[Path, CaseSegmenting] = {}

    @property
    def cases(self) -> Mapping[Path, CaseSegmenting]:
        """Every case of the list by its place, in order."""
        return self._cases

    def of(self, identity: Path) -> CaseSegmenting | None:
        """How far a case is; None where it is not on the list."""
        return self._cases.get(identity)

    def put(self, sources: Iterable[CaseSource]) -> None:
        """Show these cases, all waiting, instead of those before."""
        self._cases = {source.identity: CaseSegmenting(source) for source in sources}
        self.list_changed.emit()

    def wait(self, sources: Iterable[CaseSource]) -> None:
        """Let some cases of the list wait again."""
        for source in sources:
            self.show(CaseSegmenting(source))

    def show(self, case: CaseSegmenting) -> None:
        """Tell how far a case is now."""
        identity = case.source.identity
        if self._cases.get(identity, case) != case:
            self._cases[identity] = case
            self.case_changed.emit(identity)

    def stop_waiting(self) -> None:
        """What was at work is waiting again: the work was cancelled."""
        self.wait(self.in_stage(CaseStage.AT_WORK))

    def count(self, stage: CaseStage) -> int:
        """How many cases are in a stage."""
        return sum(case.stage is stage for case in self._cases.values())

    def in_stage(self, stage: CaseStage) -> tuple[CaseSource, ...]:
        """The cases in a stage."""
        return tuple(case.source for case in self._cases.values() if case.stage is stage)

    @property
    def summary(self) -> str:
        """How all of it ended, or stands, in one sentence."""
        parts = [
            f"{count:,} {stage.value}"
            for stage in (CaseStage.SEGMENTED, CaseStage.HAD_MASK, CaseStage.FAILED, CaseStage.WAITING)
            if (count := self.count(stage))
        ]
        return ", ".join(parts) if parts else "no cases"


def why_not_all(cohort: Sequence[CaseSource], segmenting: Segmenting, work: Work) -> str:
    """Why a list cannot be segmented now; empty when it can."""
    if work.running:
        return "The list is being segmented"
    if not cohort:
        return "Open a folder of cases first"
    if segmenting.model is None:
        return "Choose a model folder first"
    return "The open case is being segmented; wait for it, or cancel it" if segmenting.running else ""
