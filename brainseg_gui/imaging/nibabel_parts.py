"""The parts of nibabel that the program uses, imported without pydicom.

nibabel imports pydicom wherever it is installed, for DICOM headers inside of NIfTI headers, which nothing here reads.
That would delay the first image by a quarter of a second. Whoever imports pydicom afterwards, or meanwhile in another
thread, gets it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from types import ModuleType

__all__ = [
    "HeaderDataError",
    "Nifti1Header",
    "Nifti1Image",
    "Nifti2Header",
    "aff2axcodes",
    "apply_orientation",
    "inv_ornt_aff",
    "io_orientation",
]


class _WithoutPydicom(MetaPathFinder):
    """Tells one thread that pydicom is not installed."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """Refuse pydicom, and leave everything else to the other finders."""
        if name == "pydicom" and threading.get_ident() == self._thread:
            raise ModuleNotFoundError("not needed for NIfTI", name=name)


@contextmanager
def _without_pydicom() -> Iterator[None]:
    finder = _WithoutPydicom()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


with _without_pydicom():
    from nibabel.nifti1 import Nifti1Header, Nifti1Image
    from nibabel.nifti2 import Nifti2Header
    from nibabel.orientations import aff2axcodes, apply_orientation, inv_ornt_aff, io_orientation
    from nibabel.spatialimages import HeaderDataError
