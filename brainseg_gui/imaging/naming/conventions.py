"""How public data sets name and lay out their files: the table of ``conventions.toml``, and which row a path follows.

Nothing here looks at a drive: a path is compared with the rows as text. The table is the program's own: tests check
it, and no pydantic (150 ms to import) at every start.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from brainseg_gui.imaging.formats.known_formats import stem
from brainseg_gui.imaging.modality import Modality

Kind = Modality | str
"""A modality, ``"mask"``, or ``"volumes"`` and ``"channel"`` for files whose modality is told by their number."""

MASK, VOLUMES, CHANNEL = "mask", "volumes", "channel"
_KINDS: Mapping[str, Kind] = {m.value: m for m in Modality} | {MASK: MASK, VOLUMES: VOLUMES, "channel_files": CHANNEL}
_DEEPEST = 6  # parts of a path that a row compares
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class _Pattern:
    """One path of a row: of its last parts, and of its last name alone where that holds the whole id."""

    kind: Kind
    rank: int
    template: str
    depth: int
    path: re.Pattern[str]
    name: re.Pattern[str] | None


@dataclass(frozen=True)
class NamingConvention:
    """A row of the table.

    Parameters
    ----------
    name, title, source
        Short name, name for people, and where the names are written down.
    schemes
        Label schemes that its masks may follow; none where the images decide.
    parts
        Part of a path -> its pattern.
    case
        The case's id, of parts.
    paths
        Kind -> paths, preferred ones first.
    loose
        The parts are too common for a file to be known by its name alone.
    generic
        The usual words and folders tell it: the row is for tests and the documents.
    order
        Channels where no ``dataset.json`` says another order.
    moment
        How the visit's part counts days, with a group ``day``; empty where the usual words tell.
    behind
        What may follow an id at the beginning of a name.
    """

    name: str
    title: str
    source: str
    schemes: tuple[str, ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict, hash=False)
    case: str = "{patient}"
    paths: Mapping[Kind, tuple[str, ...]] = field(default_factory=dict, hash=False)
    loose: bool = False
    generic: bool = False
    order: tuple[Modality, ...] = ()
    moment: str = ""
    behind: str = "$|[-_. ]"

    @cached_property
    def patterns(self) -> tuple[_Pattern, ...]:
        """Its paths, compiled."""
        listed = [(kind, rank, path) for kind, paths in self.paths.items() for rank, path in enumerate(paths) if path]
        return tuple(self._pattern(*entry) for entry in listed)

    @cached_property
    def hint(self) -> re.Pattern[str]:
        """What every path of the row holds: a quick look before the paths are compared one by one."""
        if not self.loose:
            return re.compile(self.parts["patient"], re.IGNORECASE)
        words = {max(_PLACEHOLDER.split(path)[::2], key=len) for paths in self.paths.values() for path in paths if path}
        return re.compile("|".join(re.escape(word) for word in sorted(words)), re.IGNORECASE)

    @cached_property
    def id_pattern(self) -> re.Pattern[str]:
        """The id at the beginning of a name."""
        return re.compile(rf"{self._regex(self.case)}(?={self.behind})", re.IGNORECASE)

    def id_in(self, name: str) -> str:
        """The id at the beginning of a name; empty where there is none."""
        found = self.id_pattern.match(name)
        return found[0] if found is not None else ""

    def _pattern(self, kind: Kind, rank: int, path: str) -> _Pattern:
        template = path.replace("{case}", self.case)
        last = template.rpartition("/")[2]
        known = set(_PLACEHOLDER.findall(last)) >= set(_PLACEHOLDER.findall(self.case))
        name = re.compile(self._regex(last), re.IGNORECASE) if known and not self.loose else None
        return _Pattern(
            kind, rank, template, template.count("/") + 1, re.compile(self._regex(template), re.IGNORECASE), name
        )

    def _regex(self, template: str) -> str:
        """A template as a regular expression; a part that comes again must be the same."""
        seen: set[str] = set()
        found = []
        for number, piece in enumerate(_PLACEHOLDER.split(template)):
            if number % 2 == 0:
                found.append(re.escape(piece))
            elif piece in seen and piece != "more":
                found.append(f"(?P={piece})")
            else:
                found.append(self.parts[piece] if piece in seen else f"(?P<{piece}>{self.parts[piece]})")
                seen.add(piece)
        return "".join(found)


@dataclass(frozen=True)
class Match:
    """What a row says of a file.

    Parameters
    ----------
    kind
        What it is.
    rank
        Its place among the paths of this kind, 0 is preferred.
    parts
        Parts of its path, as they are written.
    base
        The folder that the row's paths are written from; the file's own where the name alone was compared.
    whole
        Whether the whole path was compared, and not the name alone.
    """

    convention: NamingConvention
    kind: Kind
    rank: int
    parts: Mapping[str, str]
    base: Path
    whole: bool

    @property
    def case_id(self) -> str:
        """Id of the case."""
        return _filled(self.convention.case, self.parts)

    @property
    def patient(self) -> str:
        """Id of the patient."""
        return self.parts["patient"]

    def siblings(self, kind: Kind) -> Iterator[tuple[int, Path]]:
        """Where files of a kind would lie, without their ending, as far as the parts tell; preferred ones first."""
        if not self.whole:
            return
        for pattern in self.convention.patterns:
            if pattern.kind == kind and set(_PLACEHOLDER.findall(pattern.template)) <= set(self.parts):
                yield pattern.rank, self.base / _filled(pattern.template, self.parts)


def _filled(template: str, parts: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: parts[match[1]], template)


@lru_cache(maxsize=50_000)
def match_of(path: Path) -> Match | None:
    """The row that a file's path follows, or None; the whole path tells more than the name alone."""
    names = (*path.parent.parts, stem(path))
    tail = "/".join(names[-_DEEPEST:])
    rows = [row for row in _rows_with_names() if row.hint.search(tail)] if _any_hint().search(tail) else []
    for row in rows:
        for pattern in row.patterns:
            if len(names) > pattern.depth and (found := pattern.path.fullmatch("/".join(names[-pattern.depth :]))):
                base = path.parents[pattern.depth - 1]
                return Match(row, pattern.kind, pattern.rank, found.groupdict(), base, whole=True)
    for row in rows:
        for pattern in row.patterns:
            if pattern.name is not None and (found := pattern.name.fullmatch(names[-1])):
                return Match(row, pattern.kind, pattern.rank, found.groupdict(), path.parent, whole=False)
    return None


@cache
def _rows_with_names() -> tuple[NamingConvention, ...]:
    return tuple(row for row in conventions() if not row.generic)


@cache
def _any_hint() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{row.hint.pattern})" for row in _rows_with_names()), re.IGNORECASE)


def row_of_id(case_id: str) -> tuple[NamingConvention, str] | None:
    """The row whose ids look like this one, and the patient in it."""
    for row in conventions():
        if not (row.loose or row.generic) and (found := row.id_pattern.match(case_id)):
            return row, found["patient"]
    return None


@cache
def conventions() -> tuple[NamingConvention, ...]:
    """The rows of the table."""
    return tuple(_convention(entry) for entry in _rows())


@cache
def words() -> Mapping[str, frozenset[str]]:
    """Words by what they say, in lower case."""
    return {name: frozenset(listed) for name, listed in table()["words"].items()}


def _rows() -> Iterator[dict[str, Any]]:
    entries = table()["convention"]
    named = {entry["name"]: entry for entry in entries}
    for entry in entries:
        yield named[entry["like"]] | entry if "like" in entry else entry


@cache
def table() -> dict[str, Any]:
    """What ``conventions.toml`` holds."""
    return tomllib.loads(files("brainseg_gui.resources").joinpath("conventions.toml").read_text("utf-8"))


def _convention(entry: Mapping[str, Any]) -> NamingConvention:
    paths = {kind: tuple(_listed(entry[key])) for key, kind in _KINDS.items() if key in entry}
    row = NamingConvention(
        entry["name"],
        entry["title"],
        entry["source"],
        tuple(name for name in _listed(entry["scheme"]) if name),
        entry["parts"],
        paths=paths,
        loose=entry.get("loose", False),
        generic=entry.get("generic", False),
        order=tuple(Modality(value) for value in entry.get("order", ())),
        moment=entry.get("moment", ""),
    )
    return replace(row, **{name: entry[name] for name in ("case", "behind") if name in entry})


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value
