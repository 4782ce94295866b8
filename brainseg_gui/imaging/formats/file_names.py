"""Names of NIfTI files. Apart from their reader, so that whoever only looks at names does not import nibabel."""

from __future__ import annotations

from pathlib import Path

SUFFIXES = (".nii.gz", ".nii")


def is_nifti(path: Path) -> bool:
    """Whether the name is that of a NIfTI file (``.nii`` or ``.nii.gz``)."""
    return path.name.lower().endswith(SUFFIXES)


def stem(path: Path) -> str:
    """File name without ``.nii`` or ``.nii.gz``.

    >>> stem(Path("BraTS-GLI-00000-000-seg.nii.gz")), stem(Path("notes.txt"))
    ('BraTS-GLI-00000-000-seg', 'notes')
    """
    name = path.name
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return path.stem
