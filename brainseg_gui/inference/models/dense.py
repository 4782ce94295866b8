"""Small networks of dense layers: arrays of numbers in one file, looked at before memory is taken, run by numpy."""

from __future__ import annotations

import hashlib
import io
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from brainseg_gui.errors import ModelError
from brainseg_gui.plain_files import MEBIBYTE, read_bytes

Floats = NDArray[np.float32]

_ROWS = 128  # multiplied at once: too few for BLAS to use threads, which would wait for each other on a busy computer


@dataclass(frozen=True, eq=False)
class DenseNetwork:
    """The network, or several of one shape whose answers are averaged.

    Parameters
    ----------
    mean, spread
        Of each input in training.
    layers
        Weights, (inputs, outputs), and bias, (outputs,), of each layer; of several networks, one after another along a
        first axis. After all but the last layer negative values become 0.
    widest
        Inputs are kept within so many spreads of the mean.
    """

    mean: Floats
    spread: Floats
    layers: tuple[tuple[Floats, Floats], ...]
    widest: float = 5.0

    def outputs(self, inputs: Floats) -> Floats:
        """(N, inputs) -> (N, outputs)."""
        values = np.clip((inputs - self.mean) / self.spread, -self.widest, self.widest)
        even = len(values) // _ROWS * _ROWS
        parts = (values[:even].reshape(-1, _ROWS, len(self.mean)), values[even:][None])
        return np.concatenate([self._told(part) for part in parts])

    def _told(self, values: Floats) -> Floats:
        """(…, rows, inputs) -> (N, outputs)."""
        for weights, bias in self.layers:
            if weights is not self.layers[0][0]:
                np.maximum(values, 0, out=values)
            values = values @ (weights if weights.ndim < 3 else weights[:, None])
            values += bias if bias.ndim < 2 else bias[:, None, None]
        told = values if values.ndim < 4 else values.mean(axis=0)
        return np.asarray(told.reshape(-1, told.shape[-1]), np.float32)

    def arrays(self) -> dict[str, Floats]:
        """What a file of it holds."""
        found = {"mean": self.mean, "spread": self.spread}
        for number, (weights, bias) in enumerate(self.layers):
            found |= {f"weights {number}": weights, f"bias {number}": bias}
        return found


@dataclass(frozen=True)
class DenseFile:
    """What a file of such a network has to be.

    Parameters
    ----------
    inputs, outputs
        How many it has.
    purpose
        What it does, in words that follow *and it …*.
    remedy
        What to do where it is missing or damaged.
    """

    inputs: int
    outputs: int
    purpose: str
    remedy: str

    def read(self, file: Path, sha256: str = "") -> DenseNetwork:
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
            raise ModelError(f"{words}, and it {self.purpose}", self.remedy, file) from error
        if sha256 and (found := hashlib.sha256(content).hexdigest()) != sha256:
            other = f"its SHA-256 is {found[:12]}…, and model.json says {sha256[:12]}…"
            raise ModelError(f"it is damaged or another file: {other}", self.remedy, file)
        try:
            return self._network(_arrays(content))
        except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ModelError(f"it is no network that {self.purpose} ({error})", self.remedy, file) from error

    def _network(self, arrays: Mapping[str, Floats]) -> DenseNetwork:
        if not all(values.ndim for values in arrays.values()):
            raise ValueError("its layers do not fit")
        count = (len(arrays) - 2) // 2
        layers = tuple((arrays[f"weights {n}"], arrays[f"bias {n}"]) for n in range(count))
        widths = [self.inputs, *(bias.shape[-1] for _, bias in layers)]
        fits = [weights.shape[-2:] for weights, _ in layers] == list(pairwise(widths)) and widths[-1] == self.outputs
        members = {part for weights, bias in layers for part in (weights.shape[:-2], bias.shape[:-1])}
        alike = len(members) == 1 and all(len(part) < 2 for part in members)
        mean, spread = arrays["mean"], arrays["spread"]
        of_inputs = mean.shape == spread.shape == (self.inputs,) and (spread > 0).all()
        if not (count > 0 and len(arrays) == 2 * count + 2 and fits and alike and of_inputs):
            raise ValueError("its layers do not fit")
        return DenseNetwork(mean, spread, layers)


def dense_as_bytes(network: DenseNetwork) -> bytes:
    """The file of a network."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, values in network.arrays().items():
            member = io.BytesIO()
            npy.write_array(member, np.ascontiguousarray(values, "<f4"), version=(1, 0))
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member.getvalue())  # the same bytes whenever it is written
    return stream.getvalue()


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
