"""Clicks that wait to be accepted, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from psygnal import SignalGroupDescriptor


class Readiness(Enum):
    """What a first click would find; the words say it to the person."""

    UNKNOWN = ""
    LOOKING = "Looking at the whole brain; clicks wait for it"
    READY = "Ready"
    SHORT_OF_MEMORY = "Memory is short: the first click takes longer"


CLICK_WAITS = "Looking at the whole brain; the click waits for it"
"""Said in place of `Readiness.LOOKING` once somebody clicked."""


@dataclass
class Clicking:
    """What the click tool shows; every field emits when it really changes.

    Parameters
    ----------
    waiting
        How many clicks are shown and not accepted yet.
    working
        Whether an answer is being worked out.
    words
        What the last click came to, or why it changed nothing.
    readiness
        Whether the case was looked at already, so that a first click need not wait.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    waiting: int = 0
    working: bool = False
    words: str = ""
    readiness: Readiness = Readiness.UNKNOWN
