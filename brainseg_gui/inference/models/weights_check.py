"""What a weights file would build, read before Keras opens it.

A ``.keras`` file is a zip with a description of the network, a ``.h5`` file has it in an attribute. Keras makes
whatever such a description names, and its ``safe_mode`` has been bypassed more than once. So the file is read here,
and only a copy of its description (`architecture`) reaches Keras; there is no way to make it run a file's own code.
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from brainseg_gui.errors import ModelError
from brainseg_gui.inference.models.architecture import checked_architecture
from brainseg_gui.inference.models.hdf5_check import LARGEST_BYTES, count_weights, text_attribute
from brainseg_gui.plain_files import MEBIBYTE, json_of, open_file, visible

_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_LARGEST_CONFIG = 16 * MEBIBYTE
_LARGEST = {_CONFIG: _LARGEST_CONFIG, _METADATA: MEBIBYTE, _WEIGHTS: LARGEST_BYTES}
_MOST_EXPANSION = 100
_ENCRYPTED = 0x1
_REMEDY = "Ask for the file as Keras' model.save writes it"
_HDF5_ERRORS = (OSError, KeyError, ValueError, TypeError, RuntimeError, OverflowError)  # a damaged file brings them all


@dataclass(frozen=True)
class Architecture:
    """A network that may be built.

    Parameters
    ----------
    config
        Its description, made of known layers only; for `keras.saving.deserialize_keras_object`.
    weights
        How many numbers the file holds for it: it cannot have more weights than that.
    """

    config: dict[str, Any]
    weights: int


def read_architecture(path: Path) -> Architecture:
    """The network that a weights file describes. Needs h5py; see `weights_process.read_apart`.

    Raises
    ------
    ModelError
        If it holds code or anything else that is not known, points out of itself, promises more than it holds, or is
        no Keras model at all.
    """
    try:
        with open_file(path) as stream:
            if os.fstat(stream.fileno()).st_size > LARGEST_BYTES:
                raise ModelError(f"it is larger than {LARGEST_BYTES / 2**30:g} GiB", _REMEDY, path)
            return _of_archive(stream, path) if path.suffix == ".keras" else _of_hdf5(stream, path)
    except OSError as error:
        reason = error.strerror or "it is damaged"
        raise ModelError(f"it cannot be read ({visible(reason)})", "Copy the file again", path) from error


def _of_archive(stream: BinaryIO, path: Path) -> Architecture:
    try:
        with zipfile.ZipFile(stream) as archive:
            _check_members(archive, path)
            config = _config_of(archive.read(_CONFIG), path)
            weights = archive.read(_WEIGHTS)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise _no_model(path, error) from error
    checked = checked_architecture(config, path)
    with _opened(io.BytesIO(weights), path) as file:
        return Architecture(checked, count_weights(file, path))


def _of_hdf5(stream: BinaryIO, path: Path) -> Architecture:
    with _opened(stream, path) as file:
        text = text_attribute(file, "model_config", path, _LARGEST_CONFIG)
        if text is None:
            raise ModelError("it holds weights only, without the network's architecture", _REMEDY, path)
        checked = checked_architecture(_config_of(text, path), path)
        return Architecture(checked, count_weights(file, path, "/model_weights/"))


@contextmanager
def _opened(stream: BinaryIO, path: Path) -> Iterator[Any]:
    """An HDF5 file; whatever the library says of damage becomes one sentence."""
    import h5py

    try:
        with h5py.File(stream, "r") as file:
            yield file
    except _HDF5_ERRORS as error:
        raise _no_model(path, error) from error


def _check_members(archive: zipfile.ZipFile, path: Path) -> None:
    """A zip that holds the three files of a Keras model, each once, and nothing else."""
    members = archive.infolist()
    for member in members:
        _check_member(member, path)
    names = [member.filename for member in members]
    if len(set(names)) != len(names):
        raise ModelError("it holds two entries of the same name, so what is checked may not be what is used",
                         _REMEDY, path)  # fmt: skip
    if missing := {_CONFIG, _WEIGHTS} - set(names):
        raise ModelError(f"it is not a Keras model: it holds no {min(missing)}", _REMEDY, path)


def _check_member(member: zipfile.ZipInfo, path: Path) -> None:
    name = visible(member.orig_filename)
    if member.filename not in _LARGEST or member.orig_filename != member.filename:
        raise ModelError(f"it holds an entry that no Keras model of this kind has: {name}", _REMEDY, path)
    if member.flag_bits & _ENCRYPTED:
        raise ModelError(f"its entry {name} is encrypted", "Ask for the file without a password", path)
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
        raise ModelError(f"its entry {name} is a link or a folder, not a file", _REMEDY, path)
    if member.file_size > _LARGEST[name]:
        raise ModelError(f"its entry {name} is larger than {_LARGEST[name] // MEBIBYTE} MiB", _REMEDY, path)
    if member.file_size > MEBIBYTE and member.file_size > _MOST_EXPANSION * member.compress_size:
        sentence = f"its entry {name} promises {member.file_size:,} bytes, packed into {member.compress_size:,}"
        raise ModelError(sentence, _REMEDY, path)


def _config_of(text: str | bytes, path: Path) -> Any:
    try:
        return json_of(text)
    except ValueError as error:
        raise _no_model(path, error) from error


def _no_model(path: Path, error: Exception) -> ModelError:
    reason = visible(str(error).strip().partition("\n")[0], 120)
    return ModelError(f"it is not a Keras model, or it is damaged ({reason})", _REMEDY, path)
