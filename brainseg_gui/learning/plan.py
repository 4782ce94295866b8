"""What a run of learning is about, as its run folder keeps it: the network that it goes on from, and who is on
which side.

The file may come from elsewhere: it is looked at before it is believed, and no path in it is written to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brainseg_gui.errors import BrainsegError
from brainseg_gui.inference.cohorts.case_record import ModelIdentity
from brainseg_gui.plain_files import read_json
from brainseg_gui.plain_values import listed_in, object_in, text_in
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.storage.reading import is_derived_file
from brainseg_gui.storage.writing import write_text

NAME = "learning.json"
_FORMAT = 1
_LARGEST_BYTES = 2**24
_MOST_CASES = 100_000


@dataclass(frozen=True)
class LearningPlan:
    """What is learned, and from what.

    Parameters
    ----------
    parent, parent_title
        The network that training goes on from, and that the new one is compared with.
    trained_on
        Digest of the images of each case that is trained on, by its name in the set.
    held_back
        The same of those that both networks are scored on.
    known
        Digests of cases that the parent was trained on already, by this very way.
    left_out
        Sentences on cases that take no part.
    further
        Other digests by which the cases that are trained on are known again, as `CaseMarks` has them.
    """

    parent: ModelIdentity
    parent_title: str
    trained_on: Mapping[str, str]
    held_back: Mapping[str, str]
    known: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    further: tuple[str, ...] = ()


def has_plan(folder: RunFolder) -> bool:
    """Whether a run is one of learning from corrected cases."""
    return is_derived_file(folder.path / NAME, root=folder.path)


def write_plan(folder: RunFolder, plan: LearningPlan) -> None:
    """Keep a plan in its run folder.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    parent = plan.parent
    content = {
        "format": _FORMAT,
        "parent": {"folder": parent.folder, "passport": parent.passport, "weights": parent.weights},
        "parent_title": plan.parent_title,
        "trained_on": dict(plan.trained_on),
        "held_back": dict(plan.held_back),
        "known": list(plan.known),
        "left_out": list(plan.left_out),
        "further": list(plan.further),
    }
    write_text(folder.path / NAME, json.dumps(content, indent=1) + "\n", chosen=False, root=folder.path)


def read_plan(folder: RunFolder) -> LearningPlan:
    """The plan of a run.

    Raises
    ------
    BrainsegError
        If there is none, or it makes no sense.
    """
    path = folder.path / NAME
    try:
        if not has_plan(folder):
            raise FileNotFoundError
        return _plan_of(read_json(path, _LARGEST_BYTES))
    except FileNotFoundError as error:
        what = "this run is none of learning from corrected cases"
        raise BrainsegError(what, "Choose one that brainseg learn began", folder.path) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrainsegError("it is damaged", "Begin to learn anew, in another run folder", path) from error


def _plan_of(content: Any) -> LearningPlan:
    fields = object_in(content)
    if fields["format"] != _FORMAT:
        raise ValueError("it is of another format")
    parent = object_in(fields["parent"])
    return LearningPlan(
        ModelIdentity(*(text_in(parent[key]) for key in ("folder", "passport", "weights"))),
        text_in(fields["parent_title"]),
        _digests_in(fields["trained_on"]),
        _digests_in(fields["held_back"]),
        tuple(text_in(digest) for digest in listed_in(fields["known"], _MOST_CASES)),
        tuple(text_in(sentence) for sentence in listed_in(fields["left_out"], _MOST_CASES)),
        tuple(text_in(digest) for digest in listed_in(fields.get("further", []), _MOST_CASES)),  # before it was noted
    )


def _digests_in(value: Any) -> dict[str, str]:
    found = object_in(value)
    if len(found) > _MOST_CASES:
        raise ValueError("it names too many cases")
    return {text_in(name): text_in(digest) for name, digest in found.items()}
