"""A case: what a person opens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from brainseg_gui.imaging.file_mark import Stamp
from brainseg_gui.imaging.formats.image_format import ImageHeader
from brainseg_gui.imaging.grid import Grid, StoredGrid
from brainseg_gui.imaging.labels import LabelMap, LabelScheme
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.links import is_same_file


@dataclass(frozen=True)
class CaseSource:
    """Which file is what, before anything is read.

    Parameters
    ----------
    case_id
        Name of the case.
    folder
        Folder of the case.
    modalities
        File of each modality. All four may name one 4-D Decathlon file.
    reference
        File of the expert's mask, or None.
    unused
        Files that were not taken for anything.
    volumes
        Modality of each volume where one 4-D file holds them; None for a volume that is none of the four.
    notes
        Sentences about which of several files was taken and what was assumed.
    names
        What the case may be called elsewhere: by its files, its folder, its data set.
    patient
        Whose it is, where the names tell; else empty.
    convention
        Name of the row of ``conventions.toml`` that its names follow; else empty.
    scheme
        Name of the label scheme that the data set itself states; else empty.
    """

    case_id: str
    folder: Path
    modalities: Mapping[Modality, Path]
    reference: Path | None = None
    unused: tuple[Path, ...] = ()
    volumes: tuple[Modality | None, ...] = ()
    notes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    patient: str = ""
    convention: str = ""
    scheme: str = ""

    @property
    def identity(self) -> Path:
        """What tells the case from all others: several folders hold a case of one name, one folder several cases."""
        return self.folder / self.case_id

    @property
    def missing(self) -> tuple[Modality, ...]:
        """Modalities without a file."""
        return tuple(m for m in Modality if m not in self.modalities)

    def holds_image(self, path: Path) -> bool:
        """Whether a path leads to one of its images, by whatever name."""
        return any(is_same_file(path, image) for image in self.modalities.values())


@dataclass(frozen=True, eq=False)
class Case:
    """A study of one patient, all volumes on one RAS grid.

    Parameters
    ----------
    source
        The files it was read from.
    grid
        RAS grid of all volumes and label maps.
    header
        Of the file that the grid comes from: masks are saved in its stored order, at its place in space.
    volumes
        The modalities that were read.
    reference
        The expert's mask, or None.
    scheme
        The study's label scheme: the reference's where it tells tissues apart, or the one that file names suggest.
    notes
        Sentences about what was assumed while opening.
    mask_note
        The one of them that says how the reference's numbers are read.
    mask_doubtful
        Whether they could as well be read otherwise.
    doubts
        Those of them that say what may be wrong.
    stated
        Whether names, the mask or its data set state what the reference's numbers mean.
    stamps
        How each file of images was before it was read, to tell whether the images under its name are still these.
    not_registered
        Those of a prepared case that lie where their files place them, which may be wrong: no search found their place.
    """

    source: CaseSource
    grid: Grid
    header: ImageHeader
    volumes: Mapping[Modality, Volume]
    reference: LabelMap | None
    scheme: LabelScheme
    notes: tuple[str, ...] = ()
    mask_note: str = ""
    mask_doubtful: bool = False
    doubts: tuple[str, ...] = ()
    stated: bool = False
    stamps: Mapping[Path, Stamp] = field(default_factory=dict)
    not_registered: tuple[Modality, ...] = ()

    @property
    def stored_grid(self) -> StoredGrid:
        """How the study's files store the grid."""
        return self.header.stored_grid

    @property
    def image_notes(self) -> tuple[str, ...]:
        """The notes that are about the images alone."""
        return tuple(note for note in self.notes if note != self.mask_note)

    @property
    def case_id(self) -> str:
        """Name of the case."""
        return self.source.case_id

    @property
    def missing(self) -> tuple[Modality, ...]:
        """Modalities that were not found."""
        return tuple(m for m in Modality if m not in self.volumes)
