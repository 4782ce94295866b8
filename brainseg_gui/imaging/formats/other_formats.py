"""Images in formats that the program does not read: what they are called, and how they become NIfTI."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

_SKULL = "register the images to each other and strip the skull"
_DICOM = ("DICOM", f"Convert to NIfTI, with dcm2niix for example, then {_SKULL}")
_SAVE_AGAIN = "Save as .nii.gz, from ITK-SNAP or 3D Slicer for example"
_FORMATS = {
    **dict.fromkeys((".dcm", ".ima", ".dicom"), _DICOM),
    **dict.fromkeys((".mha", ".mhd"), ("MetaImage", _SAVE_AGAIN)),
    **dict.fromkeys((".nrrd", ".nhdr"), ("NRRD", _SAVE_AGAIN)),
    **dict.fromkeys((".hdr", ".img"), ("Analyze", _SAVE_AGAIN)),
    **dict.fromkeys((".mgz", ".mgh"), ("FreeSurfer", "Convert with mri_convert IMAGE.mgz IMAGE.nii.gz")),
    ".mnc": ("MINC", "Convert with mnc2nii"),
}
_PREAMBLE, _MAGIC = 128, b"DICM"


def other_format(files: Iterable[Path]) -> tuple[str, str] | None:
    """Name of the first format among these files that is an image's, and how to convert it; None if there is none.

    DICOM files often have no ending, or a number for one; they are known by their content.
    """
    return next((known for path in files if (known := _format_of(path))), None)


def _format_of(path: Path) -> tuple[str, str] | None:
    known = _FORMATS.get(path.suffix.lower())
    if known is None and (not path.suffix or path.suffix[1:].isdigit()) and _is_dicom(path):
        return _DICOM
    return known


def _is_dicom(path: Path) -> bool:
    try:
        if not path.is_file():  # opening a pipe would wait for its other end
            return False
        with path.open("rb") as stream:
            return stream.read(_PREAMBLE + len(_MAGIC))[_PREAMBLE:] == _MAGIC
    except OSError:
        return False
