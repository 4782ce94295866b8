"""A file and what its name and place tell, and the files of one case."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from brainseg_gui.imaging.formats.known_formats import stem
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.conventions import CHANNEL, VOLUMES, Kind, Match, match_of
from brainseg_gui.imaging.naming.file_words import words_of


@dataclass(frozen=True)
class FoundFile:
    """A file and what is known of it by its name and place.

    Parameters
    ----------
    level
        How it was made, the best first: its place in a row of the table, stripped or not, on a common grid or not.
    """

    path: Path
    kind: Kind | None
    prefix: str
    suffix: str = ""
    level: tuple[int, int, int] = (0, 0, 0)
    match: Match | None = None

    @property
    def is_image(self) -> bool:
        """Whether it holds a modality, or several."""
        return isinstance(self.kind, Modality) or self.kind in (VOLUMES, CHANNEL)


@dataclass(frozen=True)
class Group:
    """The files of one case.

    Parameters
    ----------
    folder
        The folder of the case.
    name
        Its id where the names tell one.
    match
        The row of the table that it follows.
    dangling
        Links that lead to nothing.
    unclear
        Masks that are named after it and may be of another case of that name.
    """

    folder: Path
    name: str
    files: tuple[FoundFile, ...]
    match: Match | None = None
    dangling: tuple[Path, ...] = field(default=())
    unclear: tuple[Path, ...] = ()

    @property
    def kinds(self) -> set[Kind]:
        """What images it has."""
        return {found.kind for found in self.files if found.is_image and found.kind is not None}


def found_at(path: Path) -> FoundFile:
    """A file by its name and place."""
    match = match_of(path)
    said = words_of(stem(path))
    level = (match.rank if match is not None else 0, -said.stripped, int(not said.aligned))
    if match is None or (match.convention.order and said.kind is not None):  # numbered files have no words
        return FoundFile(path, said.kind, said.prefix, said.suffix, (0, -said.stripped, int(not said.aligned)))
    return FoundFile(path, match.kind, match.case_id, "", level if match.rank == 0 else (match.rank, 0, 0), match)
