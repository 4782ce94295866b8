"""What was computed already: predictions and scores on disk, so that a comparison goes on where it ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import SaveError
from brainseg_gui.imaging.box import Box, box_around
from brainseg_gui.plain_files import read_json
from brainseg_gui.storage.writing import write_bytes
from training.compare.methods import Prediction
from training.compare.scores import CaseScore
from training.data.npz import read_npz

_LEVELS = 255  # probabilities are stored in steps of 1/255


class Store:
    """Predictions by (method, case) and scores by everything that they depend on, in one folder.

    Files are written beside their place and renamed, so that half a file is never read; a file that cannot be read is
    computed again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prediction(self, method_key: str, images_key: str, compute: Callable[[], Prediction]) -> Prediction:
        """A stored prediction, or a computed one, stored.

        What is returned went through the store in both cases, so that a second run says the same as the first.
        """
        path = self._folder / "predictions" / method_key / f"{images_key}.npz"
        found = _read_prediction(path)
        if found is None:
            _write(path, _packed(compute()), self._folder)
            found = _read_prediction(path)
        if found is None:
            raise SaveError("what was written cannot be read back", "Check the drive", path)
        return found

    def score(self, key: str, compute: Callable[[], CaseScore]) -> CaseScore:
        """A stored score, or a computed one, stored."""
        path = self._folder / "scores" / f"{key}.json"
        try:
            return CaseScore.of(read_json(path))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            score = compute()
        _write(path, json.dumps(asdict(score), ensure_ascii=False).encode(), self._folder)
        return score


def _packed(prediction: Prediction) -> bytes:
    """Only the box around the tumour."""
    import io

    box = box_around(prediction.classes > 0) or (slice(0, 0),) * 3
    levels = np.rint(prediction.confidence[box] * _LEVELS).astype(np.uint8)
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        shape=np.array(prediction.classes.shape),
        start=np.array([part.start for part in box]),
        classes=prediction.classes[box],
        confidence=levels,
        seconds=np.array(prediction.seconds),
    )
    return stream.getvalue()


def _read_prediction(path: Path) -> Prediction | None:
    try:
        parts = read_npz(path)
        parts = {name: parts[name] for name in ("shape", "start", "classes", "confidence", "seconds")}
    except (OSError, ValueError, KeyError):
        return None
    shape, box = tuple(parts["shape"]), _box(parts["start"], parts["classes"].shape)
    classes: NDArray[np.uint8] = np.zeros(shape, np.uint8, order="F")
    confidence: NDArray[np.float32] = np.zeros(shape, np.float32, order="F")
    classes[box] = parts["classes"]
    confidence[box] = parts["confidence"] / np.float32(_LEVELS)
    return Prediction(classes, confidence, float(parts["seconds"]))


def _box(start: NDArray[Any], shape: tuple[int, ...]) -> Box:
    i, j, k = (slice(int(first), int(first) + count) for first, count in zip(start, shape, strict=True))
    return i, j, k


def _write(path: Path, content: bytes, root: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, content, chosen=False, root=root)
    except OSError as error:
        raise SaveError(f"it cannot be written ({error.strerror or error})", "Choose another folder", path) from error
