"""What a network is trained on: cases with their masks, those that are held back, and what was found wrong."""

from __future__ import annotations

from dataclasses import dataclass

from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.labels import LabelScheme


@dataclass(frozen=True)
class Problem:
    """What is wrong with a case.

    Parameters
    ----------
    case_id
        The case.
    sentence
        What is wrong and what is done about it.
    left_out
        Whether the case takes no part.
    """

    case_id: str
    sentence: str
    left_out: bool = True


@dataclass(frozen=True)
class TrainingCase:
    """A case with its mask, what the mask's numbers mean, and the volume that it marks."""

    source: CaseSource
    scheme: LabelScheme
    tumour_ml: float = 0.0

    @property
    def case_id(self) -> str:
        """Name of the case."""
        return self.source.case_id


@dataclass(frozen=True)
class DataSet:
    """Cases to train on, cases held back, all that was found wrong, and further cases to train on."""

    training: tuple[TrainingCase, ...]
    validation: tuple[TrainingCase, ...]
    problems: tuple[Problem, ...]
    further: tuple[TrainingCase, ...] = ()
