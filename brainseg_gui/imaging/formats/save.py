"""Saving masks: written beside the old file, read back, compared, then put in its place."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np

from brainseg_gui.errors import ImageError, SaveError
from brainseg_gui.imaging.formats.file_names import SUFFIXES, is_nifti
from brainseg_gui.imaging.formats.mask_note import header_words
from brainseg_gui.imaging.formats.nifti import read_labels
from brainseg_gui.imaging.formats.nifti_header import shape_of
from brainseg_gui.imaging.grid import StoredGrid
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.nibabel_parts import Nifti1Header, Nifti1Image
from brainseg_gui.links import behind_links
from brainseg_gui.storage.writing import replacing


def write_labels(
    path: Path,
    labels: LabelMap,
    stored_grid: StoredGrid,
    header: Nifti1Header,
    *,
    overwrite: bool = True,
    chosen: bool = True,
    made_by: str = "",
) -> None:
    """Write a mask in the study's stored order, verified, without ever leaving half a file.

    The mask is written to a temporary file in the same folder, read back, compared voxel by voxel and then
    renamed over `path`.

    Parameters
    ----------
    path
        ``.nii`` or ``.nii.gz``.
    labels
        What to write; its values are stored as uint8.
    stored_grid, header
        Stored order and header of the study.
    overwrite
        Whether a file that exists may be replaced, also one that appears meanwhile.
    chosen
        Whether a person chose the name, so that it is followed where it is a link; a derived one is not.
    made_by
        The network that made the mask, said in the header's description as far as there is room.

    Raises
    ------
    SaveError
        If it could not be written and verified. The file that was there is untouched.
    """
    if not is_nifti(path):
        raise SaveError("a mask is saved as NIfTI", "Give the file a name that ends in .nii.gz or .nii", path)
    if not overwrite and path.exists():
        raise _exists(path)
    words = header_words(labels.scheme, made_by)
    image = Nifti1Image(stored_grid.from_ras(labels.values), None, _label_header(header, words))
    try:
        with replacing(path, chosen=chosen, only_new=not overwrite, suffix=_suffix_of(path)) as temporary:
            image.to_filename(temporary)
            _verify(temporary, labels, path)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise _save_error(path, error) from error


def _suffix_of(path: Path) -> str:
    """How the file is compressed: by the name that it has where `path` is a link, else by that of the link."""
    names = (behind_links(path).name.lower(), path.name.lower())
    return next(suffix for name in names for suffix in SUFFIXES if name.endswith(suffix))


def _exists(path: Path) -> SaveError:
    return SaveError("the file exists", "Choose another name, or allow overwriting", path)


def _verify(temporary: Path, labels: LabelMap, path: Path) -> None:
    try:
        values, stored_grid = read_labels(temporary)
    except ImageError as error:
        raise SaveError("the file read back is damaged", "The old file is untouched; check the disk", path) from error
    same_place = np.allclose(stored_grid.grid.affine, labels.grid.affine, rtol=0, atol=1e-3)
    if not (same_place and np.array_equal(values, labels.values)):
        raise SaveError("the file read back differs from the mask", "The old file is untouched; check the disk", path)


def _label_header(header: Nifti1Header, words: str) -> Nifti1Header:
    result: Nifti1Header = Nifti1Header.from_header(header, check=False)
    for code in ("qform_code", "sform_code"):
        result[code] = header[code]
    result.set_data_shape(shape_of(header)[:3])
    result.set_data_dtype(np.uint8)
    result["scl_slope"], result["scl_inter"] = 1, 0
    result["cal_min"], result["cal_max"] = 0, 0
    result["glmin"], result["glmax"] = 0, 0
    result["descrip"] = words.encode("ascii", "replace")[:79]
    for field in ("data_type", "db_name", "aux_file", "intent_name"):  # converters put names of patients into these
        result[field] = b""
    result["intent_code"] = 0
    return result


def _save_error(path: Path, error: OSError) -> SaveError:
    reason = error.strerror or str(error)
    if isinstance(error, PermissionError):
        remedy = "The folder is not writable; choose another one"
    elif error.errno in (errno.ENOSPC, errno.EDQUOT):
        remedy = "The disk is full; free some space or choose another folder"
    elif isinstance(error, FileNotFoundError):
        remedy = "The folder is gone; choose another one"
    else:
        remedy = "Choose another folder"
    return SaveError(f"the mask was not saved ({reason}); the old file, if any, is untouched", remedy, path)
