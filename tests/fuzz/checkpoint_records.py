"""A checkpoint in order, and how it is read."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.fuzz.measure import WrongAnswer
from training.checkpoint import latest_checkpoint


def position() -> dict[str, Any]:
    """What a checkpoint says about itself."""
    return {"step": 7, "seed": 0, "steps_per_epoch": 2, "best": 0.5, "best_epoch": 1, "elapsed_s": 9.0,
            "epoch_steps": 1, "epoch_metrics": {"loss": 0.5}}  # fmt: skip


def checkpoint(about: Any = None) -> bytes:
    """A checkpoint."""
    stream = io.BytesIO()
    text = json.dumps(position() if about is None else about).encode()
    np.savez(stream, model_0000=np.arange(60, dtype=np.float32).reshape(3, 4, 5), about=np.frombuffer(text, np.uint8))
    return stream.getvalue()


class _Evil:
    def __reduce__(self) -> Any:
        return os.abort, ()


def checkpoint_tricks() -> dict[str, Callable[[], bytes]]:
    """Pickles, bombs and promises."""
    pickled = np.empty(1, object)
    pickled[0] = _Evil()
    return {
        "a pickle within": lambda: _npz(model_0000=_npy(pickled)),
        "a pickle as its description": lambda: _npz(about=_npy(pickled)),
        "a pickle under its name": lambda: b"\x80\x04\x8c\x05posix\x8c\x05abort\x93)R.",
        "an object array without pickle": lambda: _npz(model_0000=_promise("|O", (1,))),
        "terabytes": lambda: _npz(model_0000=_promise("<f4", (2**40,))),
        "more than 2^64 bytes": lambda: _npz(model_0000=_promise("<f4", (2**40, 2**40))),
        "negative shape": lambda: _npz(model_0000=_promise("<f4", (-1, 7))),
        "a bomb": lambda: _npz(zipfile.ZIP_DEFLATED, model_0000=_promise("<f4", (2**26,)) + bytes(2**28)),
        "code in a header": lambda: _npz(
            model_0000=b"\x93NUMPY\x01\x00\x20\x00" + b"__import__('os').abort()".ljust(32)),
        "a header of 60 KiB": lambda: _npz(model_0000=b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535),
        "no description": lambda: _npz(model_0000=_npy(np.zeros(3))),
        "100,000 entries": lambda: _npz(**{f"a{n}": b"" for n in range(100_000)}),
        "names that lead out": lambda: _npz(**{"../../evil": _npy(np.zeros(3))}),
    }  # fmt: skip


def _npz(method: int = zipfile.ZIP_STORED, /, **entries: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(f"{name}.npy", content)
    return stream.getvalue()


def _npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def _promise(dtype: str, shape: tuple[int, ...]) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def read_checkpoint(path: Path) -> None:
    """Look for the newest checkpoint of a run."""
    found = latest_checkpoint(path.parent)
    if found is not None:
        arrays = found.arrays.values()
        if not 0 <= found.position.step < 2**53 or any(array.dtype.hasobject for array in arrays):
            raise WrongAnswer("a checkpoint makes no sense")


def read_no_checkpoint(path: Path) -> None:
    """As `read_checkpoint`; there must be none."""
    if latest_checkpoint(path.parent) is not None:  # it raises, which is an answer
        raise WrongAnswer("it was taken for a checkpoint")
