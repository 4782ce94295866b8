"""What was assumed of a case while it was read, in sentences for the person who opened it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from brainseg_gui.errors import listed, printable
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.formats.image_format import ImageHeader
from brainseg_gui.imaging.grid import Grid, describe_shape, describe_spacing
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.file_words import kind_of, prefix_of
from brainseg_gui.imaging.volume import Volume

_LONG_NAME = 32
_NOTED_MM = 1.0


def notes_of(
    source: CaseSource, read: Mapping[Modality, tuple[Volume, ImageHeader]], grid: Grid, missing: Sequence[Modality]
) -> tuple[str, ...]:
    """What was assumed, in sentences.

    Parameters
    ----------
    read
        Each modality on the grid that its file has.
    grid
        That of the case.
    missing
        Those that were not found.
    """
    parts = [(modality, read[modality]) for modality in Modality if modality in read]
    notes = _own_grids([(modality, volume.grid) for modality, (volume, _) in parts if not grid.same_as(volume.grid)])
    notes += [f"{modality.title}: {volume.note}" for modality, (volume, _) in parts if volume.note]
    notes += source.notes
    apart_mm = {modality: header.farthest_apart_mm for modality, (_, header) in parts}
    if max(apart_mm.values()) > _NOTED_MM:
        titles = ", ".join(modality.title for modality, mm in apart_mm.items() if mm > _NOTED_MM)
        distance = f"{max(apart_mm.values()):,.0f} mm apart"
        notes.append(f"{titles}: the header names two places in space, up to {distance}; its sform is used")
    if missing:
        notes.append(f"Not found: {', '.join(m.title for m in missing)}")
    prefixes = {prefix_of(path) for path in source.modalities.values() if kind_of(path) is not None} - {""}
    if len(prefixes) > 1:
        start = printable(", ".join(_brief(prefix) for prefix in sorted(prefixes)))
        notes.append(f"The files' names begin differently ({start}); check that they are of one patient")
    return tuple(notes)


def _own_grids(apart: Sequence[tuple[Modality, Grid]]) -> list[str]:
    described = {
        modality.title: f"({describe_shape(grid.shape)}, {describe_spacing(grid)} mm)" for modality, grid in apart
    }
    if len(described) < 2:
        return [
            f"{title} has its own grid {words} and is shown on the grid of the others"
            for title, words in described.items()
        ]
    each = listed([f"{title} {words}" for title, words in described.items()])
    return [f"{each} have grids of their own and are shown on that of the others"]


def _brief(name: str) -> str:
    """Both ends of a long name: archives write the whole description of a series into it."""
    return name if len(name) <= _LONG_NAME else f"{name[: _LONG_NAME // 2]}…{name[-_LONG_NAME // 2 + 1 :]}"
