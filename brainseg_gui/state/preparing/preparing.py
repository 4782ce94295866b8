"""A raw examination as a person steers its preparation: which series is what, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.state.work import Work

if TYPE_CHECKING:
    from brainseg_gui.preparation.prepare_place import PreparedExamination
    from brainseg_gui.preparation.raw_examination import Choice, RawExamination
    from brainseg_gui.preparation.steps.work import StepDone
    from brainseg_gui.state.preparing.nudging import Nudging


@dataclass
class Preparing(Work):
    """What the Prepare panel shows.

    Parameters
    ----------
    examination
        The series; None before something raw is looked at.
    choice
        Which of them is what; None where nothing tells any.
    looking
        Whether images are being looked at, so that more is told of the series soon.
    output
        The folder that gets the prepared case.
    prepared
        The case that was made last of the examination; None before.
    steps
        Those that are done.
    doubts
        Sentences on what should be looked at.
    outdated
        Why the prepared case is to be prepared again: its series or their roles changed; empty where it need not be.
    """

    examination: RawExamination | None = None
    choice: Choice | None = None
    looking: bool = False
    output: Path | None = None
    prepared: PreparedExamination | None = None
    steps: tuple[StepDone, ...] = ()
    doubts: tuple[str, ...] = ()
    outdated: str = ""

    @cached_property
    def nudging(self) -> Nudging:
        """Series of the prepared case that are put in their places by hand."""
        from brainseg_gui.state.preparing.nudging import Nudging

        return Nudging()

    @property
    def can_be_nudged(self) -> bool:
        """Whether there is a prepared case of several series, which are there."""
        several = self.prepared is not None and len(self.prepared.preparation.series) > 1
        return several and self.examination is not None and not self.running
