"""How a run is doing, in words and numbers that a person reads."""

from __future__ import annotations

import time
from collections.abc import Mapping
from math import isfinite

from brainseg_gui.plain_files import visible
from brainseg_gui.runs.force_stop import lost_words
from brainseg_gui.runs.run_status import RunStatus
from brainseg_gui.state.training.run_reader import number
from brainseg_gui.state.training.run_record import RunRecord

UNKNOWN = "–"
_LONGEST_S = 1e10
_LONGEST_WORDS = 200
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
    if not isfinite(seconds) or abs(seconds) > _LONGEST_S:
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
    return f"{value:.0f}" if 10_000 <= abs(value) < 1e12 else f"{value:.4g}"


def memory(count: float) -> str:
    """Bytes in a unit of their size."""
    if not isfinite(count):
        return UNKNOWN
    return f"{min(count / 1e9, 1e9):.1f} GB" if count >= 1e9 else f"{max(count, 0) / 1e6:.0f} MB"


def short_status(record: RunRecord) -> str:
    """One or two words."""
    if record.problem:
        return "not readable"
    if record.starting:
        return "starting"
    if record.ending or (record.status is RunStatus.RUNNING and record.stop_asked):
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
        RunStatus.STOPPED: _stopped(record),
        RunStatus.FINISHED: f"Finished after {record.step:,} steps. {best_sentence(record)}".rstrip(),
        RunStatus.FAILED: f"Failed. {_reason(record)}",
        RunStatus.DIED: f"The trainer ended without a word at step {record.step:,}. "
        "Resume goes on from the last checkpoint.",
    }
    return words[record.status]


def estimate_sentence(record: RunRecord) -> str:
    """What training needs by the trainer's own measurement before the first step; empty while there is none."""
    names = ("seconds_per_step", "seconds_per_epoch", "memory_bytes", "available_bytes")
    step, epoch, needed, there = (number(record.fact("estimated", name)) for name in names)
    parts = []
    if message := record.fact("estimated", "message"):
        parts.append(_words(message))
    elif isfinite(needed):
        free = f", {memory(there)} are available" if isfinite(there) else ""
        parts.append(f"training needs about {memory(needed)}{free}")
    if isfinite(step):
        whole = f", an epoch {duration(epoch)} without its validation" if isfinite(epoch) else ""
        parts.append(f"a step takes about {duration(step)}{whole}")
    return " ".join(_sentence(part) for part in parts)


def dataset_sentence(record: RunRecord) -> str:
    """How many cases train and validate; empty while the trainer has not said."""
    sets = [(name, record.fact("checked", name)) for name in ("training", "validation")]
    counted = [f"{len(cases)} {name}" for name, cases in sets if isinstance(cases, list)]
    if not counted:
        return ""
    split = record.fact("checked", "split")
    how = _split_words(split) if isinstance(split, dict) else ""
    return _sentence(f"{' and '.join(counted)} cases{how}")


def _split_words(split: Mapping[str, object]) -> str:
    fold = f", fold {_words(split['fold'])}" if "fold" in split else ""
    return f", split by {_words(split.get('by'))} with seed {_words(split.get('seed'))}{fold}"


def network_sentence(record: RunRecord) -> str:
    """What the network is; empty while the trainer has not said."""
    parameters, field = number(record.fact("network", "parameters")), record.fact("network", "receptive_field")
    if not isfinite(parameters):
        return ""
    shape = record.fact("network", "input")
    words = [f"{min(parameters, 1e15):,.0f} parameters"]
    words += [f"receptive field {_edges(field)} voxels"] if field else []
    words += [f"input {_edges(shape)}"] if shape else []
    return _sentence(", ".join(words))


def metric_words(name: str) -> str:
    """A metric that judges models, for people."""
    return {"val_dice_mean": "mean Dice", "loss": "loss"}.get(name, name)


def best_words(record: RunRecord) -> str:
    """The best epoch and its score, in little room."""
    return f"epoch {record.best.epoch:,} · {record.best.value:.3f}" if record.best is not None else UNKNOWN


def best_sentence(record: RunRecord) -> str:
    """Which epoch the model comes from and what judged it; empty while there is none."""
    best = record.best
    if best is None:
        return ""
    judged = f"{metric_words(best.name)} {'of the held-back cases' if best.name.startswith('val_') else 'of training'}"
    return f"The model is that of epoch {best.epoch:,}, the best so far: {judged} {best.value:.3f}."


def stop_now_sentence(record: RunRecord) -> str:
    """What an end at once would lose."""
    return f"Stop now ends the trainer at once: {lost_words(record.step, record.checkpoint)}"


def _stopping(record: RunRecord) -> str:
    if record.ending:
        return "Ending the trainer."
    waited = round(time.time() - (record.stop_asked_at or time.time()))  # negative after the clock was set back
    asked = f"Stopping, asked for {duration(waited)} ago" if waited > 0 else "Stopping"
    usual = record.seconds_per_step
    step = f"this step (usually {duration(usual)})" if usual >= 1 else "this step"
    return f"{asked}. The run ends after {step}, and a usable model is kept."


def _stopped(record: RunRecord) -> str:
    checkpoint = number(record.ended.values.get("checkpoint")) if record.ended is not None else float("nan")
    if not isfinite(checkpoint) or checkpoint >= record.step:
        return f"Stopped on request at step {record.step:,}. Resume goes on from there."
    where = f"the checkpoint of step {checkpoint:,.0f}" if checkpoint else "the beginning"
    return f"Stopped at once at step {record.step:,}. Resume goes on from {where}."


def _running(record: RunRecord) -> str:
    if record.stop_asked or record.ending:
        return _stopping(record)
    if not record.stepped:
        done, total = record.fact("preparing", "done"), record.fact("preparing", "total")
        if total and done != total:
            return f"Preparing cases, {_words(done)} of {_words(total)}."
        return f"Checking the data set and preparing the {'next' if record.curves else 'first'} step."
    host = record.started.values.get("host") if record.started is not None else ""
    device = record.fact("device", "device")
    where = f" on {_words(device)}" if device else ""
    processes = number(record.started.values.get("processes")) if record.started is not None else 1.0
    where += f", with {processes:,.0f} processes" if processes > 1 else ""
    return f"Training{where}{f' of {_words(host)}' if host else ''}. It goes on when this window is closed."


def _for(seconds: float) -> str:
    """How long ago, unless the clock was set back meanwhile."""
    return f" for {duration(seconds)}" if seconds > 0 else ""


def _silent(record: RunRecord) -> str:
    host = record.started.values.get("host") if record.started is not None else None
    where = f" from {_words(host)}" if host else ""
    return f"No news{where}{_for(time.time() - record.last_time)}. It may have ended, or the disk is away."


def _reason(record: RunRecord) -> str:
    message = record.ended.values.get("message") if record.ended is not None else None
    return _sentence(visible(str(message).strip(), 1000) if message else "the trainer gave no reason; its log may")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")


def _edges(value: object) -> str:
    return " × ".join(_words(n) for n in value[:5]) if isinstance(value, list) else _words(value)


def _words(value: object) -> str:
    """Whatever an event holds, for a sentence."""
    if isinstance(value, int) and abs(value) > _LONGEST_S:
        return UNKNOWN
    return visible(str(value)[: 2 * _LONGEST_WORDS], _LONGEST_WORDS)
