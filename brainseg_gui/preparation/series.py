"""A series of an examination, whether a scanner's DICOM or a file that somebody converted it to."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.formats.image_format import ImageHeader
from brainseg_gui.imaging.formats.reading import read_volume
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.dicom.pixels import read_stack
from brainseg_gui.preparation.dicom.stacks import Stack
from brainseg_gui.preparation.image_roles import Seen
from brainseg_gui.preparation.roles import Described, Role
from brainseg_gui.progress import Progress


@dataclass(frozen=True)
class FileNotes:
    """What the name of a file, and the note that a converter left beside it, say of a series; see `Described`."""

    description: str
    words: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class SeriesLook:
    """What the image of a series shows.

    Parameters
    ----------
    picture
        A slice through its middle, (rows, columns), upright.
    seen
        How likely it is of each contrast; empty where nobody could tell, or none was asked yet.
    drawn
        Whether it holds few values, and whole numbers alone: as masks do, and no scan.
    """

    picture: NDArray[np.uint8]
    seen: Seen = field(default_factory=dict)
    drawn: bool = False


@dataclass(frozen=True, eq=False)
class Series:
    """One volume that may be taken for a modality.

    Parameters
    ----------
    number
        From 1, in the order in which an examination's series are told.
    name
        How it is called.
    notes
        What its role is told from.
    role
        What it is taken for.
    header
        Where its voxels lie, as it stores them; of a DICOM series with the path of its first slice.
    files
        All of its files.
    stack
        Its slices, where it is DICOM.
    look
        What its image shows, where somebody looked at it.
    first_role
        What its tags alone say, where the image had a say in `role`.
    """

    number: int
    name: str
    notes: Described
    role: Role
    header: ImageHeader
    files: tuple[Path, ...]
    stack: Stack | None = None
    look: SeriesLook | None = None
    first_role: Role | None = None

    @property
    def role_by_tags(self) -> Role:
        """What it is taken for by its tags alone."""
        return self.first_role or self.role

    @property
    def likelihood(self) -> float | None:
        """How likely it is what it is taken for, where its image alone tells that; None else."""
        seen = self.look.seen if self.look is not None else {}
        return seen.get(self.role.modality) if self.role_by_tags.modality is None else None

    @property
    def place(self) -> Path:
        """What it is told by when what was found out about it is kept: its first file."""
        return self.files[0].resolve()

    @property
    def burned_in(self) -> bool:
        """Whether any of its slices says that annotations, names for example, are burned into its pixels."""
        return self.stack is not None and any(one.burned_in for one in self.stack.slices)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Edge lengths of a voxel."""
        return self.header.stored_grid.grid.spacing_mm

    @property
    def extent_mm(self) -> tuple[float, float, float]:
        """How far it reaches along each of its axes."""
        grid = self.header.stored_grid.grid
        i, j, k = (count * edge for count, edge in zip(grid.shape, grid.spacing_mm, strict=True))
        return i, j, k

    def read(self) -> Generator[Progress, None, Volume]:
        """Its voxels.

        Yields
        ------
        Progress
            Closing the generator stops reading.

        Raises
        ------
        ImageError
            If they cannot be read.
        """
        if self.stack is not None:
            return (yield from read_stack(self.stack))
        stop = Event()
        try:
            reading = in_background(partial(read_volume, self.header.path, stop.is_set), "read series")
            volume, _ = yield from waited_for(reading, Progress("reading", 0.0, self.name))
        finally:
            stop.set()
        return volume


@dataclass(frozen=True)
class SetAside:
    """What is not used, and why."""

    name: str
    why: str
