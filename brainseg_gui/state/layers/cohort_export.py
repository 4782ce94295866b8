"""An export of the whole list of cases: what is asked for, how far it is, and what became of each case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from psygnal import Signal, SignalGroupDescriptor

from brainseg_gui.exchange.case_export import MaskChoice
from brainseg_gui.exchange.cohort_layouts import COHORT_LAYOUTS, CohortLayout
from brainseg_gui.state.work import Work


class ExportedCases(Enum):
    """Which cases go out, in words for people."""

    ALL = "All cases"
    DONE = "Cases that are done"


class CaseFate(Enum):
    """What became of one case, in words for people."""

    WITH_MASK = "with a mask"
    WITHOUT_MASK = "without a mask"
    LEFT_OUT = "left out"


@dataclass(frozen=True)
class CaseTold:
    """One case that was exported, or left out, and what is to be said of it."""

    case_id: str
    fate: CaseFate
    words: str = ""


@dataclass
class ExportWishes:
    """What a person asks for; `layout` is a key of `COHORT_LAYOUTS`."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    layout: str = next(iter(COHORT_LAYOUTS))
    cases: ExportedCases = ExportedCases.ALL
    masks: MaskChoice = MaskChoice.REFERENCE
    deface: bool = False

    @property
    def chosen(self) -> CohortLayout:
        """The layout."""
        return COHORT_LAYOUTS[self.layout]


class CohortExport:
    """Only its controller writes here; the wishes are the person's."""

    told_changed = Signal()
    """What became of the cases."""

    def __init__(self) -> None:
        self.work = Work()
        self.wishes = ExportWishes()
        self._told: list[CaseTold] = []

    @property
    def told(self) -> Sequence[CaseTold]:
        """The cases that are behind, in order."""
        return self._told

    def tell(self, case: CaseTold | None) -> None:
        """One case is behind; None where another export begins."""
        if case is None:
            self._told = []
        else:
            self._told.append(case)
        self.told_changed.emit()

    @property
    def summary(self) -> str:
        """What became of all, such as ``3 with a mask, 1 left out``."""
        counts = {fate: sum(one.fate is fate for one in self._told) for fate in CaseFate}
        return ", ".join(f"{count:,} {fate.value}" for fate, count in counts.items() if count)
