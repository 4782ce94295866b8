"""Ending a trainer at once, where a polite stop takes too long."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from brainseg_gui.runs.events import Event, EventWriter
from brainseg_gui.runs.run_folder import RunError, RunFolder
from brainseg_gui.runs.run_status import RunStatus, began_here, last_start, status_of
from brainseg_gui.runs.trainer_process import is_certain, kill, trains


def can_stop_now(events: Sequence[Event]) -> bool:
    """Whether the run's trainer is, beyond doubt, a process of this machine."""
    start = last_start(events)
    if start is None or not began_here(start):
        return False
    return is_certain(start.values.get("pid"), start.values.get("pid_since"))


def lost_words(step: int, checkpoint: int) -> str:
    """What an end at once loses: the steps since the newest checkpoint."""
    if step <= checkpoint:
        return "no step is lost"
    steps = "step is" if step - checkpoint == 1 else "steps are"
    if not checkpoint:
        return f"the {step:,} {steps} lost, for there is no checkpoint yet"
    return f"the {step - checkpoint:,} {steps} lost that came after the checkpoint of step {checkpoint:,}"


def stop_now(folder: RunFolder) -> str:
    """End the trainer at once and write so into its events; the message says what is lost.

    Raises
    ------
    RunError
        If the run is not running, or nobody can tell for certain that its process is one of this machine and trains it.
    """
    events = folder.events()
    _check(folder, events)
    start = last_start(events)
    if start is not None and not kill(start.values["pid"], start.values["pid_since"], folder.path):
        _check(folder, folder.events())  # it may have ended by itself meanwhile
        if not trains(start.values["pid"], folder.path):
            sentence = f"process {start.values['pid']}, which the run's events name, is not its trainer; it lives on"
            raise RunError(sentence, "Do not trust this folder, if it is not yours", folder.path)
        raise RunError("the trainer does not end", "Try again; if that fails, restart the computer", folder.path)
    return _write_end(folder)


def _check(folder: RunFolder, events: Sequence[Event]) -> None:
    if status_of(events) not in (RunStatus.RUNNING, RunStatus.SILENT):
        raise RunError("this run is not running", "Resume goes on with it", folder.path)
    start = last_start(events)
    if start is None or not began_here(start):
        host = start.values.get("host") if start is not None else None
        raise RunError(
            f"this run is on {host or 'another machine'}, out of reach from here", "End it there", folder.path
        )
    if not can_stop_now(events):
        sentence = "nobody can tell for certain which process trains this run, so none is ended"
        raise RunError(sentence, "Wait for its polite stop, or end it from a shell", folder.path)


def _write_end(folder: RunFolder) -> str:
    """The end that the trainer could not write; what it wrote itself meanwhile stands."""
    with contextlib.suppress(OSError):  # the run is over; a later start says what is wrong with it
        folder.take_back_stop()
    events = folder.events()
    if status_of(events) is not RunStatus.DIED:
        return str(events[-1].values.get("message", ""))
    step, checkpoint = (_newest(events, kinds) for kinds in (("step", "checkpoint"), ("checkpoint",)))
    message = f"stopped at once after {step:,} steps; {lost_words(step, checkpoint)}"
    writer = EventWriter(folder.events_file)
    writer.write("stopped", step=step, checkpoint=checkpoint, message=message)
    writer.close()
    return message


def _count(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 2**53 else 0


def _newest(events: Sequence[Event], kinds: tuple[str, ...]) -> int:
    """Step of the newest event of some kinds; before that, what was resumed from."""
    for event in reversed(events):
        if event.kind in kinds:
            return _count(event.values.get("step"))
        if event.kind == "started":
            return _count(event.values.get("resumed_from"))
    return 0
