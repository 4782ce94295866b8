"""The file of what mends masks: arrays of numbers and nothing else, looked at before memory is taken for them."""

from __future__ import annotations

import hashlib
import io
import math
import zipfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from brainseg_gui.errors import ModelError
from brainseg_gui.inference.clicks.mender import OUTPUTS, Mender
from brainseg_gui.inference.clicks.traits import COUNT, Floats
from brainseg_gui.plain_files import MEBIBYTE, read_bytes

MENDER = "mender.npz"
"""Its name in the folder of the network for clicks."""

_REMEDY = "Install the program again; until then the images alone mend"


def shipped_mender(folder: Path, sha256: str) -> Mender | None:
    """What mends masks, beside the network for clicks; None where the passport names no digest of any.

    Raises
    ------
    ModelError
        If it is missing, damaged, or not the one that the passport names.
    """
    return read_mender(folder / MENDER, sha256) if sha256 else None


def read_mender(file: Path, sha256: str = "") -> Mender:
    """Read it; nothing in it is run, and no more memory is taken than the file has.

    Parameters
    ----------
    sha256
        What its digest has to be; empty for any.

    Raises
    ------
    ModelError
        If it is missing, damaged, of other shapes, or another file.
    """
    try:
        content = read_bytes(file)
    except OSError as error:
        words = "it is missing" if isinstance(error, FileNotFoundError) else f"it cannot be read ({error.strerror})"
        raise ModelError(f"{words}, and it corrects what is drawn", _REMEDY, file) from error
    if sha256 and (found := hashlib.sha256(content).hexdigest()) != sha256:
        sentence = f"it is damaged or another file: its SHA-256 is {found[:12]}…, and model.json says {sha256[:12]}…"
        raise ModelError(sentence, _REMEDY, file)
    try:
        return _mender(_arrays(content))
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"it is no network for corrections ({error})", _REMEDY, file) from error


def _arrays(content: bytes) -> dict[str, Floats]:
    """The arrays of a NumPy archive, by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        if any(member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1 for member in members):
            raise ValueError("it is packed")
        if sum(member.file_size for member in members) > MEBIBYTE:
            raise ValueError("it promises more than it holds")
        return {member.filename.removesuffix(".npy"): _array(archive.read(member)) for member in members}


def _array(content: bytes) -> Floats:
    stream = io.BytesIO(content)
    if npy.read_magic(stream) != (1, 0):
        raise ValueError("it is of another version of NumPy's format")
    shape, fortran_order, kind = npy.read_array_header_1_0(stream)
    if kind != np.dtype("<f4"):  # objects would be pickles
        raise ValueError(f"it holds {kind} in place of numbers of 32 bits")
    rest = content[stream.tell() :]
    if min(shape, default=1) < 1 or 4 * math.prod(shape) != len(rest):
        raise ValueError("its shapes do not fit what it holds")
    found = np.frombuffer(rest, "<f4").reshape(shape, order="F" if fortran_order else "C")
    if not np.isfinite(found).all():
        raise ValueError("not all of it are numbers")
    return np.asarray(found, np.float32)


def _mender(arrays: Mapping[str, Floats]) -> Mender:
    count = (len(arrays) - 2) // 2
    layers = tuple((arrays[f"weights {n}"], arrays[f"bias {n}"]) for n in range(count))
    widths = [COUNT, *(bias.size for _, bias in layers)]
    fits = [weights.shape for weights, _ in layers] == list(pairwise(widths)) and widths[-1] == len(OUTPUTS)
    flat = all(bias.ndim == 1 for _, bias in layers)
    mean, spread = arrays["mean"], arrays["spread"]
    if not (
        len(arrays) == 2 * count + 2 and fits and flat and mean.shape == spread.shape == (COUNT,) and (spread > 0).all()
    ):
        raise ValueError("its layers do not fit")
    return Mender(mean, spread, layers)
