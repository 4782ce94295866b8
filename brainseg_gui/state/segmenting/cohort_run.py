"""A run on the whole list of cases: what is done, where, with which cases; how far each is, and how far all are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import ClassVar

from psygnal import Signal, SignalGroupDescriptor

from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.state.segmenting.segmenting import Segmenting
from brainseg_gui.state.work import Work


class RunTask(Enum):
    """What is done with each case, in words for people."""

    SEGMENT = "Segment"
    EVALUATE = "Evaluate"


class RunPlace(Enum):
    """Where it is done."""

    HERE = "This computer"
    CLUSTER = "Cluster"


class RunCases(Enum):
    """With which cases."""

    WITHOUT = "Cases without a prediction"
    ALL = "All cases"
    SELECTED = "Selected cases"


class CaseStage(Enum):
    """How far one case is, in words for people."""

    WAITING = "waiting"
    AT_WORK = "at work"
    SEGMENTED = "segmented"
    SCORED = "scored"
    HAD_MASK = "had a mask"
    FAILED = "failed"
    LEFT_OUT = "left out"


_TOLD = (
    CaseStage.SEGMENTED,
    CaseStage.SCORED,
    CaseStage.HAD_MASK,
    CaseStage.FAILED,
    CaseStage.AT_WORK,
    CaseStage.WAITING,
    CaseStage.LEFT_OUT,
)


@dataclass(frozen=True)
class CaseRun:
    """One case of the list.

    Parameters
    ----------
    done
        Fraction done while it is at work.
    words
        What is being done, what was found, or what went wrong.
    output
        File of its mask, where there is one.
    log
        What a person needs to find out more, where it failed.
    """

    source: CaseSource
    stage: CaseStage = CaseStage.WAITING
    done: float = 0.0
    words: str = ""
    output: Path | None = None
    log: str = ""


@dataclass
class RunWishes:
    """What a person asks for.

    Parameters
    ----------
    processes
        How many on this computer; 0 for as many as fit.
    cluster
        Address of a scheduler, or the file that describes a cluster.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    task: RunTask = RunTask.SEGMENT
    place: RunPlace = RunPlace.HERE
    cases: RunCases = RunCases.WITHOUT
    processes: int = 0
    cluster: str = ""


class CohortRun:
    """The list that is, or was last, worked on. Only its controller writes here; the wishes are the person's."""

    case_changed = Signal(Path)
    """One case, by its place, is further."""

    list_changed = Signal()
    """Another list is shown."""

    chosen_changed = Signal()
    """Other cases are selected."""

    def __init__(self) -> None:
        self.work = Work()
        self.wishes = RunWishes()
        self.chosen: frozenset[Path] = frozenset()
        self._cases: dict[Path, CaseRun] = {}

    @property
    def cases(self) -> Mapping[Path, CaseRun]:
        """Every case of the list by its place, in order."""
        return self._cases

    def of(self, identity: Path) -> CaseRun | None:
        """How far a case is; None where it is not on the list."""
        return self._cases.get(identity)

    def put(self, sources: Iterable[CaseSource]) -> None:
        """Show these cases, all waiting, instead of those before."""
        self._cases = {source.identity: CaseRun(source) for source in sources}
        self.list_changed.emit()

    def choose(self, identities: Iterable[Path]) -> None:
        """Note which cases are selected."""
        self.chosen = frozenset(identities)
        self.chosen_changed.emit()

    def wait(self, sources: Iterable[CaseSource]) -> None:
        """Let some cases of the list wait again."""
        for source in sources:
            self.show(CaseRun(source))

    def show(self, case: CaseRun) -> None:
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
    def total(self) -> int:
        """How many cases are worked on."""
        return len(self._cases) - self.count(CaseStage.LEFT_OUT)

    @property
    def ended(self) -> int:
        """How many of these need no more work."""
        return self.total - self.count(CaseStage.WAITING) - self.count(CaseStage.AT_WORK)

    @property
    def summary(self) -> str:
        """How all of it ended, or stands, in one sentence."""
        parts = [f"{count:,} {stage.value}" for stage in _TOLD if (count := self.count(stage))]
        return ", ".join(parts) if parts else "no cases"


def why_not_run(cohort: Sequence[CaseSource], segmenting: Segmenting, run: CohortRun) -> str:
    """Why a list cannot be worked on now; empty when it can."""
    wishes = run.wishes
    if run.work.running:
        return "The list is at work"
    if not cohort:
        return "Open a folder of cases first"
    if wishes.task is RunTask.SEGMENT and segmenting.model is None:
        return "Choose a model folder first"
    if wishes.place is RunPlace.CLUSTER and not wishes.cluster.strip():
        return "Name the scheduler's address, or the file that describes the cluster"
    if wishes.cases is RunCases.SELECTED and not run.chosen:
        return "Select cases in the list below"
    return "The open case is being segmented; wait for it, or cancel it" if segmenting.running else ""
