"""What is told of an examination that was prepared, wherever it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from brainseg_gui.preparation.prepare_place import PreparedExamination


def entry_of(place: Path, done: PreparedExamination) -> dict[str, Any]:
    """What was made of what, as values of JSON."""
    series = {one.modality.value: one.name for one in done.preparation.series}
    entry = {"place": str(place), "output": str(done.folder), "series": series, "again": done.work is None}
    if done.work is not None:
        entry["seconds"] = {step.name: round(step.seconds, 2) for step in done.work.done}
        entry["doubts"] = list(done.work.doubts)
    return entry


def sentences_of(done: PreparedExamination) -> str:
    """What was made, for people."""
    if done.work is None:
        return f"{done.folder.name}: {done.folder} was prepared before, of the same files"
    steps = done.work.done
    lines = [f"  {sentence}" for step in steps for sentence in step.sentences]
    return "\n".join([f"{done.folder.name}: {done.folder} ({sum(s.seconds for s in steps):.1f} s)", *lines])
