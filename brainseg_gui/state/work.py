"""Long work as a person sees it: stage, progress, elapsed time, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from psygnal import SignalGroupDescriptor


@dataclass
class Work:
    """One kind of long work (opening, segmenting, saving).

    Parameters
    ----------
    running
        Whether it is under way.
    stage, detail
        What is being done now.
    done
        Fraction done, 0 to 1.
    expected_s
        How long it took the last time, in seconds; 0 when unknown.
    outcome
        How it ended last, as a sentence; empty while it runs.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    running: bool = False
    stage: str = ""
    detail: str = ""
    done: float = 0.0
    expected_s: float = 0.0
    outcome: str = ""

    def begin(self, stage: str, expected_s: float = 0.0) -> None:
        """Note that the work starts."""
        self.stage, self.detail, self.done = stage, "", 0.0
        self.expected_s, self.outcome = expected_s, ""
        self.running = True

    def end(self, outcome: str) -> None:
        """Note how the work ended."""
        self.outcome = outcome
        self.running = False
