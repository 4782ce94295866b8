"""Prepared cases on disk: each case goes through preprocessing once, then patches are read from memory-mapped files.

An entry is a folder named by what it is made of. It is written under another name and renamed when it is whole, so
that two writers cannot spoil it and half an entry is never read. Entries lie in a folder of their own, known by its
marker: whatever else is in the folder that a person named is neither read nor removed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.grid import Array
from brainseg_gui.plain_files import read_json
from brainseg_gui.storage.folder import open_folder
from brainseg_gui.storage.leftovers import new_name, sweep_now_and_then
from brainseg_gui.storage.writing import open_derived, write_bytes, write_text
from training.data.case_files import digests
from training.data.data_set import TrainingCase
from training.data.prepare_case import PreparedCase, prepare_case
from training.recipe import Recipe, passport_of

VERSION = 4  # of the preprocessing code: raise it when prepared cases change
FOLDER = "brainseg-prepared-cases"
_MARKER = "CACHEDIR.TAG"  # bford.info/cachedir: programs that keep copies leave such folders out
_MARK = b"Signature: 8a477f597d28d172789f06886806bc55\n# Cases that brainseg prepared for training; may be removed.\n"
_FILES = ("image.npy", "labels.npy", "centres.npy")
_ABOUT = "entry.json"
_NOT_PREPARED = ("patch", "may_be_missing")  # of a passport's input: prepared cases are the same


@dataclass(frozen=True)
class CachedCase:
    """A prepared case on disk.

    Parameters
    ----------
    folder
        Where it lies.
    case_id
        Whose it is.
    shape
        (X, Y, Z) in the network's axes.
    """

    folder: Path
    case_id: str
    shape: tuple[int, int, int]

    def image(self) -> Array:
        """Memory-mapped, (X, Y, Z, C)."""
        return cast(Array, _mapped(self.folder / "image.npy"))

    def labels(self) -> NDArray[np.uint8]:
        """Memory-mapped network classes, (X, Y, Z)."""
        return cast(NDArray[np.uint8], _mapped(self.folder / "labels.npy"))

    def centres(self) -> NDArray[np.int16]:
        """Memory-mapped tumour voxels: network class, then x, y, z; (N, 4)."""
        return cast(NDArray[np.int16], _mapped(self.folder / "centres.npy"))


class Cache:
    """Prepared cases of one recipe.

    Parameters
    ----------
    root
        The folder that the person named; the cache is a folder in it.
    recipe
        How cases are prepared; part of every key.
    dtype
        float16, or float32 where every decimal counts.
    """

    def __init__(self, root: Path, recipe: Recipe, dtype: str) -> None:
        self._root = root / FOLDER
        self._passport = passport_of(recipe)
        self._dtype = np.dtype(dtype)
        parts = {key: recipe[key] for key in ("input", "preprocess", "output")}
        parts["input"] = {key: value for key, value in parts["input"].items() if key not in _NOT_PREPARED}
        self._recipe = json.dumps([VERSION, dtype, parts], sort_keys=True)

    def get(self, case: TrainingCase) -> CachedCase:
        """The prepared case; prepared now if it is not there yet, or damaged.

        Raises
        ------
        BrainsegError
            If the case cannot be read or prepared, or the disk is full.
        """
        folder = self._root / self.key(case)
        if (entry := _read_entry(folder)) is not None:
            return entry
        prepared = prepare_case(case, self._passport, self._dtype)
        try:
            return self._write(folder, case.case_id, prepared)
        except OSError as error:
            reason = error.strerror or str(error)
            sentence = f"prepared cases cannot be written ({reason})"
            raise BrainsegError(sentence, "Free some space, or set data.cache to another folder", folder) from error

    def key(self, case: TrainingCase) -> str:
        """Name of a case's entry: a digest of its files, its label scheme and the recipe."""
        labels = sorted(case.scheme.labels.items())
        text = json.dumps([self._recipe, case.case_id, digests(case.source), labels])
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def _write(self, folder: Path, case_id: str, prepared: PreparedCase) -> CachedCase:
        _make_own(self._root)
        temporary = self._root / new_name()
        temporary.mkdir()
        try:
            arrays: tuple[NDArray[Any], ...] = (prepared.image, prepared.labels, prepared.centres)
            for name, array in zip(_FILES, arrays, strict=True):
                with open_derived(temporary / name, "xb") as stream:
                    np.save(stream, array)
                    stream.flush()
                    os.fsync(stream.fileno())
            _describe(temporary, case_id, prepared.labels.shape)
            _move_into_place(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return CachedCase(folder, case_id, prepared.labels.shape)


def _describe(folder: Path, case_id: str, shape: tuple[int, ...]) -> None:
    sizes = {name: (folder / name).stat().st_size for name in _FILES}
    content = {"case": case_id, "shape": list(shape), "bytes": sizes}
    write_text(folder / _ABOUT, json.dumps(content), chosen=False)


def _move_into_place(temporary: Path, folder: Path) -> None:
    """Rename; where another writer was faster its entry stays, where a damaged one lies it goes."""
    try:
        temporary.rename(folder)
    except OSError:
        if _read_entry(folder) is not None:
            return
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # the other writer was faster once more
            temporary.rename(folder)
        if _read_entry(folder) is None:
            raise


def _read_entry(folder: Path) -> CachedCase | None:
    """An entry that is whole, or None."""
    try:
        content: dict[str, Any] = read_json(folder / _ABOUT)
        sizes = {name: (folder / name).stat().st_size for name in _FILES}
        if content["bytes"] != sizes:
            return None
        x, y, z = content["shape"]
        return CachedCase(folder, str(content["case"]), (int(x), int(y), int(z)))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _make_own(root: Path) -> None:
    """Make the folder of the cache with its marker, or see that it is one; take away what killed writers left in it.

    Raises
    ------
    OSError
        If it cannot be made, is a link, or holds other things than a cache.
    """
    root.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        root.mkdir()
    with open_folder(root, root.parent) as folder:
        if folder.status(_MARKER) is None:
            names = folder.names()  # another writer may just make the marker
            if _MARKER not in names and any(not name.startswith(".brainseg-") for name in names):
                raise OSError(errno.ENOTEMPTY, "it holds other things than prepared cases", str(root))
            with contextlib.suppress(FileExistsError):
                write_bytes(root / _MARKER, _MARK, chosen=False, root=root.parent, only_new=True)
        sweep_now_and_then(folder)


@lru_cache(maxsize=256)
def _mapped(path: Path) -> Any:
    return np.load(path, mmap_mode="r", allow_pickle=False)


def default_cache() -> Path:
    """The user's folder for prepared cases."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("brainseg")) / "training"
