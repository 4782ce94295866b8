"""Clicks that wait to be accepted, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from psygnal import SignalGroupDescriptor


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
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    waiting: int = 0
    working: bool = False
    words: str = ""
