"""The numbers that a study is stored with: integers, fractions, z-scores, above 10,000 or below zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from .fields import BoolArray, FloatArray, Range, log_within

StorageForm = Literal["integers", "large", "negative", "fractions", "zscores"]
FORMS: tuple[StorageForm, ...] = ("integers", "large", "negative", "fractions", "zscores")
Stored = npt.NDArray[np.int16 | np.float32]
_LARGEST = 32000


@dataclass(frozen=True)
class StoragePriors:
    """How studies are stored.

    Parameters
    ----------
    white_matter
        Range of the intensity of white matter in stored integers, for t1, t1ce, t2 and flair in this order.
    forms
        How often each of `FORMS` occurs: plain integers; maxima above 10,000; integers of which the darkest fall
        below zero; fractions of one; z-scores over the brain. Background is 0 in all of them.
    """

    white_matter: tuple[Range, ...] = ((350, 900), (400, 1100), (150, 500), (180, 700))
    forms: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 0.0)


def draw_form(rng: np.random.Generator, priors: StoragePriors) -> StorageForm:
    """How all modalities of one study are stored."""
    if priors.forms[0] == 1.0:
        return "integers"
    return FORMS[int(rng.choice(len(FORMS), p=priors.forms))]


def store(rng: np.random.Generator, image: FloatArray, mask: BoolArray, form: StorageForm,
          white_matter: Range) -> Stored:  # fmt: skip
    """Turn an image (I, J, K) whose white matter is about 1 into stored numbers, 0 outside the mask."""
    if form == "integers":
        scaled = image * rng.uniform(*white_matter)
        return np.asarray(np.where(mask, np.clip(np.rint(scaled), 1, _LARGEST), 0), np.int16)
    inside = image[mask]
    if form == "fractions":
        result = np.maximum(image / inside.max(), 1e-4)
    elif form == "zscores":
        result = (image - inside.mean()) / inside.std()
    elif form == "large":
        result = np.maximum(np.rint(image * (log_within(rng, (11000.0, 40000.0)) / np.percentile(inside, 99.5))), 1.0)
    else:
        result = np.rint((image - np.percentile(inside, rng.uniform(0.5, 6.0))) * rng.uniform(*white_matter))
    return np.where(mask, result, 0.0).astype(np.float32)
