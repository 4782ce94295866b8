"""Learning from corrected cases, as a person sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from brainseg_gui.learning.stage import LearningRun
from brainseg_gui.state.work import Work


@dataclass
class Learning:
    """What can be learned from, and how far the newest run is. Only its controller writes here.

    Parameters
    ----------
    corrected
        Which cases of the open list would be learned from, in a sentence.
    barred
        Why a new run cannot begin; empty where it can.
    run
        The newest run of learning, as it stands; None where there is none.
    promoted
        Name of the network that was promoted last, and can be taken back; empty where none was.
    problem
        What went wrong last, with its remedy.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    corrected: str = ""
    barred: str = ""
    run: LearningRun | None = None
    promoted: str = ""
    problem: str = ""
    work: Work = field(default_factory=Work)
