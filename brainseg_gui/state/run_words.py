"""How a run is doing, in words and numbers that a person reads."""

from __future__ import annotations

import time
from math import isfinite

from brainseg_gui.runs.run_folder import RunStatus
from brainseg_gui.state.run_reader import number
from brainseg_gui.state.run_record import RunRecord

UNKNOWN = "–"
_SHORT = {
    RunStatus.PREPARED: "not started",
    RunStatus.RUNNING: "running",
    RunStatus.SILENT: "no news",
    RunStatus.STOPPED: "stopped",
    RunStatus.FINISHED: "finished",
    RunStatus.FAILED: "failed",
    RunStatus.DIED: "died",
}


def duration(seconds: float) -> str:
    """A duration in at most two units."""
    if not isfinite(seconds):
        return UNKNOWN
    if seconds < 10:
        return f"{seconds:.2g} s"
    whole = round(seconds)
    for size, unit, smaller, small_unit in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit}" + (f" {rest} {small_unit}" if rest and whole < 10 * size else "")
    return f"{whole} s"


def amount(value: float) -> str:
    """A number in four digits."""
    if not isfinite(value):
        return UNKNOWN
    return f"{value:.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def memory(count: float) -> str:
    """Bytes in a unit of their size."""
    if not isfinite(count):
        return UNKNOWN
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def short_status(record: RunRecord) -> str:
    """One or two words."""
    if record.problem:
        return "not readable"
    if record.starting:
        return "starting"
    if record.status is RunStatus.RUNNING and record.stop_asked:
        return "stopping"
    return _SHORT[record.status]


def status_sentence(record: RunRecord) -> str:
    """How the run is doing and what that means."""
    if record.problem:
        return f"Its configuration cannot be read: {record.problem}."
    if record.starting:
        return "The trainer is starting; the first step can take a minute."
    words = {
        RunStatus.PREPARED: "Prepared, and not started yet.",
        RunStatus.RUNNING: _running(record),
        RunStatus.SILENT: _silent(record),
        RunStatus.STOPPED: f"Stopped on request at step {record.step:,}. Resume goes on from there.",
        RunStatus.FINISHED: f"Finished after {record.step:,} steps.",
        RunStatus.FAILED: f"Failed. {_reason(record)}",
        RunStatus.DIED: f"The trainer ended without a word at step {record.step:,}. "
        "Resume goes on from the last checkpoint.",
    }
    return words[record.status]


def estimate_sentence(record: RunRecord) -> str:
    """What one step costs by the trainer's own measurement; empty while there is none."""
    if message := record.fact("estimated", "message"):
        return _sentence(str(message))
    seconds, needed, there = (
        number(record.fact("estimated", key)) for key in ("seconds_per_step", "memory_bytes", "available_bytes")
    )
    parts = [f"a step takes {duration(seconds)}"] if isfinite(seconds) else []
    parts += [f"training needs about {memory(needed)}"] if isfinite(needed) else []
    parts += [f"{memory(there)} are available"] if isfinite(there) else []
    return _sentence(", ".join(parts)) if parts else ""


def dataset_sentence(record: RunRecord) -> str:
    """How many cases train and validate; empty while the trainer has not said."""
    sets = [(name, record.fact("checked", name)) for name in ("training", "validation")]
    counted = [f"{len(cases)} {name}" for name, cases in sets if isinstance(cases, list)]
    if not counted:
        return ""
    split = record.fact("checked", "split")
    how = f", split by {split.get('by')} with seed {split.get('seed')}" if isinstance(split, dict) else ""
    return _sentence(f"{' and '.join(counted)} cases{how}")


def network_sentence(record: RunRecord) -> str:
    """What the network is; empty while the trainer has not said."""
    parameters, field = number(record.fact("network", "parameters")), record.fact("network", "receptive_field")
    if not isfinite(parameters):
        return ""
    shape = record.fact("network", "input")
    words = [f"{parameters:,.0f} parameters"]
    words += [f"receptive field {_edges(field)} voxels"] if field else []
    words += [f"input {_edges(shape)}"] if shape else []
    return _sentence(", ".join(words))


def _running(record: RunRecord) -> str:
    if record.stop_asked:
        return "Stopping after this step; a usable model is kept."
    if not record.curves:
        done, total = record.fact("preparing", "done"), record.fact("preparing", "total")
        if total and done != total:
            return f"Preparing cases, {done} of {total}."
        return "Checking the data set and preparing the first step."
    host = record.started.values.get("host") if record.started is not None else ""
    device = record.fact("device", "device")
    where = f" on {device}" if device else ""
    return f"Training{where}{f' of {host}' if host else ''}. It goes on when this window is closed."


def _silent(record: RunRecord) -> str:
    host = record.started.values.get("host") if record.started is not None else None
    where = f" from {host}" if host else ""
    return f"No news{where} for {duration(time.time() - record.last_time)}. It may have ended, or the disk is away."


def _reason(record: RunRecord) -> str:
    message = record.ended.values.get("message") if record.ended is not None else None
    return _sentence(str(message).strip() if message else "the trainer gave no reason; its log may")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text[:1].upper()}{text[1:]}."


def _edges(value: object) -> str:
    return " × ".join(str(n) for n in value) if isinstance(value, list) else str(value)
