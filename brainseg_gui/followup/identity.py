"""Which lesion is which over the visits: by what overlaps once the visits lie on each other.

A lesion keeps its number for good. Where one falls apart its largest part keeps the number and the others get new ones,
where several grow together the largest one's number goes on; both are told. One that comes back where it was is told
as that, and is no new lesion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.followup.lesions import LesionMap
from brainseg_gui.imaging.grid import Affine

REACH_MM = 2.0
"""Lesions so far apart may still be one: what registration leaves, and what a small lesion moves by as it shrinks."""
_LEAST_SHARE = 0.05  # of the smaller lesion: less is a touch of neighbours


class Change(Enum):
    """What became of lesions between visits."""

    NEW = "new"
    VANISHED = "vanished"
    RETURNED = "returned"
    SPLIT = "split"
    MERGED = "merged"


@dataclass(frozen=True)
class LesionEvent:
    """Something that happened to lesions.

    Parameters
    ----------
    visit
        Index of the visit on which it was seen first.
    change
        What.
    before, after
        Numbers of the lesions that it happened to, and of those that came of it.
    """

    visit: int
    change: Change
    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()

    @property
    def words(self) -> str:
        """For a sentence, such as ``lesion 1 fell apart into 1 and 3``."""
        return _words(self)


@dataclass(frozen=True)
class Identities:
    """Lesions over all visits.

    Parameters
    ----------
    numbers
        Per visit: number of the lesion in its `LesionMap` -> number of the lesion over all visits.
    events
        What happened, in order.
    """

    numbers: tuple[Mapping[int, int], ...]
    events: tuple[LesionEvent, ...]

    def parts_of(self, lesions: Sequence[int], visit: int, since: int = 0) -> frozenset[int]:
        """The lesions of a visit that hold any part of some lesions of another, whatever split or grew together since.

        Parameters
        ----------
        since
            Index of the visit whose lesions they are: what split before it is apart there already.
        """
        parts = set(lesions)
        for event in self.events:
            if (
                since < event.visit <= visit
                and event.change in (Change.SPLIT, Change.MERGED)
                and parts & set(event.before)
            ):
                parts |= set(event.after)
        return frozenset(parts & set(self.numbers[visit].values()))


@dataclass
class _Known:
    """Where a lesion was seen last, world positions common to all visits, (n, 3), and its volume."""

    points: NDArray[np.float64]
    volume_ml: float
    seen: int


@dataclass
class _Course:
    """What is known while the visits are gone through."""

    known: dict[int, _Known] = field(default_factory=dict)
    merged: set[int] = field(default_factory=set)
    events: list[LesionEvent] = field(default_factory=list)
    highest: int = 0


def follow(visits: Sequence[LesionMap], to_first: Sequence[Affine] | None = None) -> Identities:
    """Number the lesions of a patient's visits, the first one's by size.

    Parameters
    ----------
    visits
        Lesions of each visit, in order, each on its own grid.
    to_first
        For each visit, 4×4: world (RAS, mm) of the visit to that of the first one; all are taken to lie on each other
        where it is not given.
    """
    moves = to_first if to_first is not None else [np.eye(4)] * len(visits)
    course, named = _Course(), []
    for index, (lesions, move) in enumerate(zip(visits, moves, strict=True)):
        names = _name(course, index, lesions, np.asarray(move))
        _remember(course, index, lesions, np.asarray(move), names)
        named.append(names)
    return Identities(tuple(named), tuple(course.events))


def _name(course: _Course, index: int, lesions: LesionMap, move: Affine) -> dict[int, int]:
    links = _links(course, lesions, move)
    names: dict[int, int] = {}
    for olds, news in _families(links, [lesion.number for lesion in lesions.lesions]):
        names |= _named(course, index, olds, news, links)
    seen_before = {old for old, lesion in course.known.items() if lesion.seen == index - 1}
    met = {old for old, _ in links}
    course.events += [LesionEvent(index, Change.VANISHED, (old,)) for old in sorted(seen_before - met - course.merged)]
    return names


def _named(
    course: _Course, index: int, olds: Sequence[int], news: Sequence[int], links: Mapping[tuple[int, int], float]
) -> dict[int, int]:
    """Numbers for lesions that belong together: the largest overlap goes on first."""
    names: dict[int, int] = {}
    going_on: set[int] = set()
    for old, new in sorted((pair for pair in links if pair[0] in olds), key=lambda pair: (-links[pair], pair)):
        if new not in names and old not in going_on:
            names[new] = old
            going_on.add(old)
    for new in news:
        if new not in names:
            course.highest += 1
            names[new] = course.highest
    ended = sorted(set(olds) - going_on)
    course.merged |= set(ended)
    splits = _splits(index, olds, names, links)
    course.events += _events(course, index, olds, [names[new] for new in news], ended, splits)
    return names


def _splits(
    index: int, olds: Sequence[int], names: Mapping[int, int], links: Mapping[tuple[int, int], float]
) -> list[LesionEvent]:
    """Which lesion fell apart: each fresh piece comes of the one that it overlaps most."""
    pieces: dict[int, set[int]] = {}
    for new, name in names.items():
        if olds and name not in olds:
            parent = max(olds, key=lambda old: (links.get((old, new), 0.0), -old))
            pieces.setdefault(parent, set()).add(name)
    here = set(names.values())
    return [
        LesionEvent(index, Change.SPLIT, (parent,), tuple(sorted(pieces[parent] | ({parent} & here))))
        for parent in sorted(pieces)
    ]


def _events(
    course: _Course,
    index: int,
    olds: Sequence[int],
    after: Sequence[int],
    ended: Sequence[int],
    splits: Sequence[LesionEvent],
) -> list[LesionEvent]:
    fresh = sorted(set(after) - set(olds))
    if not olds:
        return [LesionEvent(index, Change.NEW, (), tuple(fresh))] if index else []
    found = []
    if all(course.known[old].seen < index - 1 for old in olds):
        found.append(LesionEvent(index, Change.RETURNED, (), tuple(sorted(set(after) & set(olds)))))
    found += splits
    if ended:
        found.append(LesionEvent(index, Change.MERGED, tuple(sorted(olds)), tuple(sorted(set(after) & set(olds)))))
    return found


def _remember(course: _Course, index: int, lesions: LesionMap, move: Affine, names: Mapping[int, int]) -> None:
    for lesion in lesions.lesions:
        start = [part.start for part in lesion.box]
        voxels = np.argwhere(lesion.tissue) + start
        points = _moved(voxels.astype(np.float64), move @ lesions.grid.affine)
        number = names[lesion.number]
        course.known[number] = _Known(points, lesion.volume_ml(lesions.grid), index)
        course.highest = max(course.highest, number)
        course.merged.discard(number)


def _links(course: _Course, lesions: LesionMap, move: Affine) -> dict[tuple[int, int], float]:
    """Overlap in ml of each known lesion with each one of a visit; those that only lie near count a little."""
    to_voxels = np.asarray(np.linalg.inv(move @ lesions.grid.affine), np.float64)
    volumes = {lesion.number: lesion.volume_ml(lesions.grid) for lesion in lesions.lesions}
    links: dict[tuple[int, int], float] = {}
    for old, known in course.known.items():
        if old in course.merged:
            continue
        numbers = _numbers_at(lesions.numbers, _moved(known.points, to_voxels))
        shares = np.bincount(numbers, minlength=1) * (known.volume_ml / max(len(known.points), 1))
        for new in np.flatnonzero(shares[1:]) + 1:
            if shares[new] >= _LEAST_SHARE * min(known.volume_ml, volumes[int(new)]):
                links[old, int(new)] = float(shares[new])
    return links | _near(course, lesions, move, links)


def _near(
    course: _Course, lesions: LesionMap, move: Affine, links: Mapping[tuple[int, int], float]
) -> dict[tuple[int, int], float]:
    """Links of lesions that overlap nothing, to what lies within reach of them and overlaps nothing either."""
    from scipy.spatial import cKDTree

    olds = [old for old in course.known if old not in course.merged and old not in {pair[0] for pair in links}]
    news = [lesion for lesion in lesions.lesions if lesion.number not in {pair[1] for pair in links}]
    found = {}
    for lesion in news if olds else ():
        voxels = np.argwhere(lesion.tissue) + [part.start for part in lesion.box]
        tree = cKDTree(_moved(voxels.astype(np.float64), move @ lesions.grid.affine))
        for old in olds:
            distance, _ = tree.query(course.known[old].points, distance_upper_bound=REACH_MM * (1 + 1e-9))
            near = int(np.isfinite(distance).sum())
            if near:
                found[old, lesion.number] = 1e-6 * near
    return found


def _families(links: Mapping[tuple[int, int], float], numbers: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    """Lesions before and after that are linked, directly or through others."""
    left = set(links)
    families: list[tuple[list[int], list[int]]] = []
    for number in numbers:
        olds, news = set[int](), {number}
        while grown := {pair for pair in left if pair[0] in olds or pair[1] in news}:
            left -= grown
            olds |= {pair[0] for pair in grown}
            news |= {pair[1] for pair in grown}
        if not any(number in family for _, family in families):
            families.append((sorted(olds), sorted(news)))
    return families


def _numbers_at(numbers: NDArray[np.int32], voxels: NDArray[np.float64]) -> NDArray[np.int32]:
    """Numbers at the voxels nearest to some places; those outside of the grid are left out."""
    index = np.rint(voxels).astype(np.int64)
    inside = ((index >= 0) & (index < numbers.shape)).all(axis=1)
    return np.asarray(numbers[tuple(index[inside].T)])


def _moved(points: NDArray[np.float64], affine: Affine) -> NDArray[np.float64]:
    return np.asarray(points @ affine[:3, :3].T + affine[:3, 3])


def _words(event: LesionEvent) -> str:
    from brainseg_gui.errors import listed

    before, after = (listed([str(number) for number in numbers]) for numbers in (event.before, event.after))
    lesions = f"lesion{'s' * (len(event.after or event.before) > 1)}"
    if event.change is Change.SPLIT:
        return f"lesion {before} fell apart into {after}"
    if event.change is Change.MERGED:
        return f"lesions {before} grew together into {after}"
    if event.change is Change.VANISHED:
        return f"{lesions} {before} vanished"
    return f"{lesions} {after} {'came back' if event.change is Change.RETURNED else 'appeared'}"
