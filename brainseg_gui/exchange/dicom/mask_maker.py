"""Who or what made a mask, in DICOM's words: drawn by hand, by a network, or by a network and corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from brainseg_gui.imaging.formats.mask_note import network_of, read_note


class MakerKind(Enum):
    """Values of ``SegmentAlgorithmType`` and ``ROIGenerationAlgorithm``."""

    MANUAL = "MANUAL"
    AUTOMATIC = "AUTOMATIC"
    SEMIAUTOMATIC = "SEMIAUTOMATIC"


@dataclass(frozen=True)
class MaskMaker:
    """Who or what made a mask.

    Parameters
    ----------
    network, version
        Name and version of the network; empty for one that is drawn by hand.
    sha256
        Of its weights, where that is known.
    """

    kind: MakerKind = MakerKind.MANUAL
    network: str = ""
    version: str = ""
    sha256: str = ""


def made_by(words: str, kind: MakerKind = MakerKind.AUTOMATIC, sha256: str = "") -> MaskMaker:
    """A mask of a network by its name and version in one text, as layers and headers have them."""
    name, _, version = words.strip().rpartition(" ")
    return MaskMaker(kind, name or version, version if name else "", sha256) if words.strip() else MaskMaker()


def maker_of(mask: Path) -> MaskMaker:
    """Who made the mask in a file: as the note beside it says, else its header."""
    note = read_note(mask)
    if note is None:
        return made_by(network_of(mask))
    return corrected_by(note.fields)


def corrected_by(fields: Mapping[str, Any]) -> MaskMaker:
    """Who made an annotation, by its sittings as notes have them: one begun with a network's mask corrects that."""
    earlier = fields.get("earlier")
    sittings = [*(earlier if isinstance(earlier, list) else []), fields]
    for sitting in sittings:
        start = sitting.get("started_from") if isinstance(sitting, dict) else None
        if isinstance(start, dict) and isinstance(start.get("model_sha256"), str):
            return made_by(str(start.get("author", ""))[:64], MakerKind.SEMIAUTOMATIC, start["model_sha256"][:64])
    return MaskMaker()
