"""Which file work that was restored goes on with: the one that a kill left between a stroke and its save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from brainseg_gui.annotation.journal.journal_replay import JournalNote
from brainseg_gui.controllers.annotating.annotation_record import sittings_before
from brainseg_gui.controllers.settings.person import person
from brainseg_gui.imaging.formats.mask_note import MaskFile
from brainseg_gui.imaging.values_digest import values_digest
from brainseg_gui.state.layers.layers import Layer


def file_of(note: JournalNote, layers: Sequence[Layer]) -> MaskFile | None:
    """The file of a restored annotation; None where it had none, so that Save takes a new name.

    An open annotation whose voxels the journal knows was the last thing saved of this work. A file that holds
    anything else now was changed by somebody: Save asks before it is replaced.
    """
    layer = _saved_state(note, layers)
    if layer is not None:
        return layer.file
    path = next((path for path, _ in reversed(note.files) if path), "")
    return MaskFile(Path(path), None) if path else None


def sittings_of_restored(note: JournalNote, layers: Sequence[Layer]) -> tuple[Mapping[str, Any], ...]:
    """The sittings before the one that was restored: of the mask that it goes on with, or began as a copy of."""
    began = note.header.created
    start = next((layer for layer in layers if _digest_of(layer) == note.header.start_digest), None)
    return sittings_before(_saved_state(note, layers) or start, began)


def _saved_state(note: JournalNote, layers: Sequence[Layer]) -> Layer | None:
    """The layer that was read from the file, by its name, else a mask of this person with the same voxels."""
    paths, digests = {path for path, _ in note.files if path}, {digest for _, digest in note.files}
    same = [layer for layer in layers if layer.file is not None and _digest_of(layer) in digests]
    named = [layer for layer in same if layer.file is not None and str(layer.file.path) in paths]
    return next((layer for layer in (*named, *same) if layer in named or layer.author in ("", person())), None)


def _digest_of(layer: Layer) -> str:
    return values_digest(layer.labels.values) if layer.file is not None else ""
