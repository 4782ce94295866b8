"""Masks in DICOM: segmentation objects and structure sets. Images in DICOM are examinations, for `preparation`."""

from __future__ import annotations

from pathlib import Path

from brainseg_gui.errors import ImageError
from brainseg_gui.imaging.formats.dicom.file import read_content
from brainseg_gui.imaging.formats.dicom.segments import read_segments
from brainseg_gui.imaging.formats.dicom.structures import read_structures
from brainseg_gui.imaging.formats.dicom.values import text_of
from brainseg_gui.imaging.formats.image_format import ShouldStop, StoredMask
from brainseg_gui.imaging.grid import StoredGrid

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
_SURFACE = "1.2.840.10008.5.1.4.1.1.66.5"


def read_mask(path: Path, target: StoredGrid | None = None, should_stop: ShouldStop | None = None) -> StoredMask | None:
    """The mask in a DICOM file: of a structure set on `target`, of a segmentation on its own grid."""
    content = read_content(path)
    kind = text_of(content.header, "SOPClassUID")
    if kind in (SEGMENTATION, LABEL_MAP):
        return read_segments(path, content, labels=kind == LABEL_MAP, should_stop=should_stop)
    if kind == STRUCTURE_SET:
        return read_structures(path, content.header, target, should_stop)
    if kind == _SURFACE:
        raise ImageError("it holds surfaces, not voxels", "Export a segmentation or a structure set", path)
    modality = text_of(content.header, "Modality")
    what = f"it is a DICOM image ({modality})" if modality else "it is no mask that is known"
    raise ImageError(f"{what}, not a mask", "Choose a segmentation (SEG) or a structure set (RTSTRUCT)", path)
