"""How a run is doing, told from its events and from whether its process is alive."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from enum import Enum

from brainseg_gui.faults.computer_mark import is_here
from brainseg_gui.runs.events import Event
from brainseg_gui.runs.trainer_process import is_alive

SILENT_AFTER_S = 300.0
LOST_AFTER_S = 7200.0  # without news from another computer: its trainer ended; a living one refuses a second


class RunStatus(Enum):
    """How a run is doing."""

    PREPARED = "prepared"
    RUNNING = "running"
    SILENT = "no news"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"
    DIED = "died"


ENDS = {"stopped": RunStatus.STOPPED, "finished": RunStatus.FINISHED, "failed": RunStatus.FAILED}


def marks_of(parts: Iterable[Sequence[Event]]) -> list[Event]:
    """The few events that tell how a run is doing: its newest start, its end, and the last one."""
    marks: dict[str, Event] = {}
    for events in parts:
        for event in events:
            if event.kind == "started":
                marks = {"started": event}
            elif event.kind in ENDS:
                marks["end"] = event
        if events:
            marks["last"] = events[-1]
    return [marks[key] for key in ("started", "end", "last") if key in marks]


def status_of(events: Sequence[Event]) -> RunStatus:
    """How a run is doing, by its events: the last start and what followed it."""
    if not events:
        return RunStatus.PREPARED
    start = last_start(events)
    for event in reversed(events):
        if event.kind in ENDS:
            return ENDS[event.kind]
        if event is start:
            break
    if start is not None and began_here(start):
        alive = is_alive(start.values.get("pid"), start.values.get("pid_since", ""))
        return RunStatus.RUNNING if alive else RunStatus.DIED
    # clocks of two machines differ, and a clock may have been set back: news from far ahead is no news
    age_s = time.time() - events[-1].time
    if abs(age_s) < SILENT_AFTER_S:
        return RunStatus.RUNNING
    return RunStatus.DIED if age_s > LOST_AFTER_S else RunStatus.SILENT


def last_start(events: Sequence[Event]) -> Event | None:
    """The event of the newest start, if there is one."""
    return next((event for event in reversed(events) if event.kind == "started"), None)


def began_here(start: Event) -> bool:
    """Whether the processes that a start names are those of this computer."""
    return is_here(start.values.get("host"), start.values.get("computer"))
