"""Saving masks: written beside the old file, read back, compared, then put in its place."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from brainseg_gui.errors import ImageError, SaveError
from brainseg_gui.imaging.formats.image_format import ImageHeader, Writer
from brainseg_gui.imaging.formats.known_formats import WRITTEN, endings, format_of, suffix_of, titles
from brainseg_gui.imaging.formats.mask_note import header_words
from brainseg_gui.imaging.formats.reading import read_labels
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.links import behind_links, is_same_file
from brainseg_gui.storage.writing import replacing


def write_labels(
    path: Path,
    labels: LabelMap,
    header: ImageHeader,
    *,
    overwrite: bool = True,
    chosen: bool = True,
    root: Path | None = None,
    made_by: str = "",
    before_named: Callable[[Path], None] | None = None,
) -> None:
    """Write a mask in the study's stored order, verified, without ever leaving half a file.

    The mask is written to a temporary file in the same folder, read back, compared voxel by voxel and then
    renamed over `path`.

    Parameters
    ----------
    path
        Its ending says the format; that of the file where it is a link to one.
    labels
        What to write; its values are stored as uint8.
    header
        Of the study's images: the mask gets their stored order and place in space.
    overwrite
        Whether a file that exists may be replaced, also one that appears meanwhile.
    chosen
        Whether a person chose the name, so that it is followed where it is a link; a derived one is not.
    root
        For a derived name: a folder above it that a person chose; no link is followed below.
    made_by
        The network that made the mask, said in the header's description as far as there is room.
    before_named
        Called with the file that is written and verified and has not its name yet; what it raises leaves the old one.

    Raises
    ------
    SaveError
        If it could not be written and verified. The file that was there is untouched.
    """
    writer = _writer_of(path)
    if not overwrite and os.path.exists(path):
        raise _exists(path)
    words, stored = header_words(labels.scheme, made_by), header.stored_grid.from_ras(labels.values)
    try:
        suffix = suffix_of(_named(path)).lower()
        with replacing(path, chosen=chosen, root=root, only_new=not overwrite, suffix=suffix) as temporary:
            writer.write_mask(temporary, stored, header, words, labels.scheme)
            _verify(temporary, labels, path)
            if before_named is not None:
                before_named(temporary)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise _save_error(path, error) from error


def check_mask_file(path: Path, images: Iterable[Path], *, overwrite: bool) -> None:
    """Make sure that a mask of a case may get this name, before it is made.

    Parameters
    ----------
    images
        Files of the case's images.

    Raises
    ------
    SaveError
        If masks are not written so, the file exists and may not be replaced, or it is an image of the case.
    """
    _writer_of(path)
    if any(is_same_file(path, image) for image in images):
        raise SaveError("it is an image of the case, which a mask must not replace", "Choose another name", path)
    if not overwrite and os.path.exists(path):
        raise _exists(path)


def _writer_of(path: Path) -> Writer:
    """What writes a mask of this name."""
    known = format_of(_named(path))
    if known is None or known.writer is None:
        remedy = f"Give the file a name that ends in {endings(WRITTEN)}"
        raise SaveError(f"a mask is saved as {titles(WRITTEN)}", remedy, path)
    return known.writer()


def _named(path: Path) -> Path:
    """Whose ending says the format."""
    return behind_links(path) if suffix_of(behind_links(path)) else path


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


def _save_error(path: Path, error: OSError) -> SaveError:
    reason = error.strerror or str(error)
    if isinstance(error, PermissionError):
        remedy = "The folder is not writable; choose another one"
    elif error.errno in (errno.ENOSPC, errno.EDQUOT):
        remedy = "The disk is full; free some space or choose another folder"
    elif error.errno == errno.ENAMETOOLONG:
        remedy = "Choose a shorter name; encrypted folders take some 140 letters"
    elif isinstance(error, FileNotFoundError):
        remedy = "The folder is gone; choose another one"
    else:
        remedy = "Choose another folder"
    return SaveError(f"the mask was not saved ({reason}); the old file, if any, is untouched", remedy, path)
