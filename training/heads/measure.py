"""How good a network of heads is on painted heads that were held back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from brainseg_gui.preparation.heads.field import BRIGHTEST, FloatArray
from brainseg_gui.preparation.heads.skull import brain_of
from training.synthesis.heads.pictures import load_pictures

_WHOLE = 255


@dataclass(frozen=True)
class Found:
    """One picture's score.

    Parameters
    ----------
    kind
        t1, t1ce, t2, flair, other or random.
    dice
        Of the brain.
    tumour_kept
        Share of the tumour's voxels that the mask holds; NaN without a tumour.
    """

    kind: str
    dice: float
    tumour_kept: float


def measure(folder: Path, predict: Callable[[FloatArray], FloatArray]) -> list[Found]:
    """Scores of every picture in a folder; `predict` gives the probability of brain, (I, J, K) to (I, J, K)."""
    found = []
    for path in sorted(folder.glob("[0-9]*.npz")):
        pictures = load_pictures(path)
        for image, brain, tumour, kind in zip(
            pictures.image, pictures.brain, pictures.tumour, pictures.kinds, strict=True
        ):
            mask = brain_of(predict(image.astype(np.float32) * np.float32(BRIGHTEST / _WHOLE))) > 0.5
            truth, sick = brain > _WHOLE / 2, tumour > _WHOLE / 2
            dice = 2.0 * float((mask & truth).sum()) / max(int(mask.sum()) + int(truth.sum()), 1)
            kept = float(mask[sick].mean()) if sick.any() else float("nan")
            found.append(Found(kind, dice, kept))
    return found


def summary(found: list[Found]) -> str:
    """Median and fifth percentile per kind, one line each."""
    lines = []
    for kind in sorted({one.kind for one in found}):
        dice = np.array([one.dice for one in found if one.kind == kind])
        kept = np.array([one.tumour_kept for one in found if one.kind == kind])
        worst = np.nanpercentile(kept, 5) if np.isfinite(kept).any() else float("nan")
        lines.append(
            f"{kind:7} {len(dice):4} pictures: Dice median {np.median(dice):.3f}, p5 {np.percentile(dice, 5):.3f};"
            f" tumour kept mean {np.nanmean(kept):.4f}, p5 {worst:.3f}"
        )
    return "\n".join(lines)
