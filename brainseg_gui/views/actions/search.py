"""Which actions a person means by some words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from brainseg_gui.views.actions.action_spec import ActionSpec

_SAME: tuple[frozenset[str], ...] = tuple(
    frozenset(words.split())
    for words in (
        "open load import read",
        "save write export store",
        "mask masks segmentation overlay contour",
        "enlarge maximise maximize zoom big",
        "keys shortcuts hotkeys keyboard bindings",
        "theme dark light appearance",
        "fainter stronger opacity transparency alpha",
        "segment predict inference network model",
        "cohort dataset patients folder list",
        "window contrast brightness level",
        "radiological neurological flip mirror",
        "compare difference diff",
        "remove delete erase",
        "figure screenshot picture",
        "panels docks",
        "help manual",
    )
)
"""Words that people take for one another; each group by itself."""


def found(text: str, specs: Iterable[ActionSpec]) -> list[ActionSpec]:
    """Actions in which all words occur; those whose name has them first, otherwise in their order.

    Hyphens do not count (3d finds 3-D), and words that mean the same stand for one another.
    """
    words = [_meanings(word) for word in re.findall(r"\w+", _plain(text))]
    matching = [spec for spec in specs if all(_any_in(word, _everything(spec)) for word in words)]
    return sorted(matching, key=lambda spec: not all(_any_in(word, _plain(spec.name)) for word in words))


def _meanings(word: str) -> frozenset[str]:
    """The word, and those of the groups that it belongs to or begins."""
    groups = (group for group in _SAME if word in group)
    return frozenset({word}).union(*groups)


def _any_in(words: frozenset[str], text: str) -> bool:
    there = re.findall(r"\w+", text)
    return any(other.startswith(word) for word in words for other in there)


def _everything(spec: ActionSpec) -> str:
    return _plain(" ".join((spec.menu, spec.topic, spec.name, spec.tip, spec.known_as)))


def _plain(text: str) -> str:
    return text.lower().replace("-", "").replace("‑", "").replace("…", "")
