"""A raw examination as a person steers its preparation: which series is what, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.state.work import Work

if TYPE_CHECKING:
    from brainseg_gui.preparation.raw_examination import Choice, RawExamination
    from brainseg_gui.preparation.steps.work import StepDone


@dataclass
class Preparing(Work):
    """What the Prepare panel shows.

    Parameters
    ----------
    examination
        The series; None before something raw is looked at.
    choice
        Which of them is what; None where nothing tells any.
    output
        The folder that gets the prepared case.
    steps
        Those that are done.
    doubts
        Sentences on what should be looked at.
    """

    examination: RawExamination | None = None
    choice: Choice | None = None
    output: Path | None = None
    steps: tuple[StepDone, ...] = ()
    doubts: tuple[str, ...] = ()
