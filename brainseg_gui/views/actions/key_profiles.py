"""Keys as in other programs: what a profile would change, and which actions would lose their keys."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from PySide6.QtGui import QKeySequence

from brainseg_gui.views.actions.action_spec import ActionSpec

Keys = tuple[str, ...]


@dataclass(frozen=True)
class KeyProfile:
    """The keys of another program.

    Parameters
    ----------
    name, title
        In the settings; for people.
    keys
        Key of an action -> its shortcuts, in Qt's portable notation.
    """

    name: str
    title: str
    keys: Mapping[str, Keys]


USUAL = KeyProfile("", "brainseg", {})


@cache
def key_profiles() -> tuple[KeyProfile, ...]:
    """The usual keys, and those of the programs that we know."""
    table = tomllib.loads(files("brainseg_gui.resources").joinpath("key_profiles.toml").read_text("utf-8"))
    found = [KeyProfile(p["name"], p["title"], {k: tuple(v) for k, v in p["keys"].items()}) for p in table["profile"]]
    return USUAL, *found


@dataclass(frozen=True)
class Bindings:
    """What a profile comes to.

    Parameters
    ----------
    keys
        Key of every action -> its shortcuts.
    lost
        Sentences' parts: (shortcut, key of the action that loses it, key of the one that gets it).
    """

    keys: Mapping[str, Keys]
    lost: tuple[tuple[str, str, str], ...]


def bindings_of(profile: KeyProfile, specs: Iterable[ActionSpec]) -> Bindings:
    """The keys of all actions under a profile; those that it gives to one are taken from the others."""
    specs = tuple(specs)
    owners = {_normal(key): action for action, keys in profile.keys.items() for key in keys}
    bound: dict[str, Keys] = {}
    lost: list[tuple[str, str, str]] = []
    for spec in specs:
        if spec.key in profile.keys:
            bound[spec.key] = profile.keys[spec.key]
            continue
        bound[spec.key] = tuple(key for key in spec.keys if _normal(key) not in owners)
        lost += [(key, spec.key, owners[_normal(key)]) for key in spec.keys if _normal(key) in owners]
    return Bindings(bound, tuple(lost))


def joined(keys: Iterable[str]) -> str:
    """Several shortcuts as one text, as `sequences_of` reads it."""
    return "; ".join(keys)


def sequences_of(text: str) -> list[QKeySequence]:
    """The shortcuts in a text, in Qt's portable notation, parted by semicolons."""
    return QKeySequence.listFromString(text) if text else []


def _normal(key: str) -> str:
    return QKeySequence(key).toString()
