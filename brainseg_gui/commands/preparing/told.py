"""What is told of an examination that was prepared, wherever it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from brainseg_gui.preparation.prepare_place import PreparedExamination

_MOST_ASIDE = 10


def entry_of(place: Path, done: PreparedExamination) -> dict[str, Any]:
    """What was made of what, as values of JSON."""
    made = done.preparation
    entry = {
        "place": str(place),
        "output": str(done.folder),
        "series": {one.modality.value: one.name for one in made.series},
        "certainty": {one.modality.value: one.certainty for one in made.series},
        "reasons": {one.modality.value: one.reason for one in made.series},
        "again": done.work is None,
        "doubts": list(made.doubts),
    }
    if done.work is not None:
        entry["seconds"] = {step.name: round(step.seconds, 2) for step in done.work.done}
        entry["set_aside"] = {one.name: one.why for one in done.work.examination.aside}
    return entry


def sentences_of(done: PreparedExamination) -> str:
    """What was made, for people."""
    if done.work is None:
        return f"{done.folder.name}: {done.folder} was prepared before, of the same files"
    steps, aside = done.work.done, done.work.examination.aside
    lines = [f"  {sentence}" for step in steps for sentence in step.sentences]
    lines += [f"  Not used: {one.name} ({one.why})" for one in aside[:_MOST_ASIDE]]
    lines += [f"  Not used: {len(aside) - _MOST_ASIDE} more, see preparation.json"] if len(aside) > _MOST_ASIDE else []
    return "\n".join([f"{done.folder.name}: {done.folder} ({sum(s.seconds for s in steps):.1f} s)", *lines])
