"""What is remembered of a run: messages, validated cases, the best epoch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Message:
    """Something that the trainer says.

    Parameters
    ----------
    time
        Seconds since 1970.
    text
        One sentence or more.
    problem
        Whether something is wrong.
    """

    time: float
    text: str
    problem: bool = False


@dataclass(frozen=True)
class ValidatedCase:
    """A whole case, segmented by the network as it was after an epoch.

    Parameters
    ----------
    epoch
        The epoch.
    case
        Name of the case.
    dice
        Dice per region.
    picture
        File with its prediction beside the reference, or None.
    """

    epoch: int
    case: str
    dice: dict[str, float]
    picture: Path | None


@dataclass(frozen=True)
class Best:
    """The epoch that the run's model folder comes from.

    Parameters
    ----------
    epoch, step
        The epoch, and its last step.
    name
        Metric that it was judged by: of validation, the higher the better, or a loss, the lower the better.
    value
        Its value there.
    """

    epoch: int
    step: int
    name: str
    value: float
