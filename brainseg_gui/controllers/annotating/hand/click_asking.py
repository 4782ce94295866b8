"""Asking what clicks come to, in threads: one network for all of them, made when it is first asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence

from brainseg_gui.annotation.slab import Values
from brainseg_gui.annotation.tools.click_answers import Answer, RegionNetwork, answered
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.hints import Hint
from brainseg_gui.imaging.labels import LabelScheme
from brainseg_gui.progress import Progress


class Once:
    """Makes the network when it is first asked for, in whichever thread; then it is always the same."""

    def __init__(self, make: Callable[[], RegionNetwork | None]) -> None:
        self._make, self._lock = make, threading.Lock()
        self.made: RegionNetwork | None = None
        self._asked = False

    def __call__(self) -> RegionNetwork | None:
        with self._lock:
            if not self._asked:
                self.made, self._asked = self._make(), True
            return self.made


def answer_to(
    case: Case,
    values: Values,
    scheme: LabelScheme,
    hints: Sequence[Hint],
    network_of: Once,
) -> Generator[Progress, None, Answer]:
    """What the last of some hints comes to; see `answered`."""
    yield Progress("looking", 0.0)
    return (yield from answered(case, values, scheme, hints, network_of()))
