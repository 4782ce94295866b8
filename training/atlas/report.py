"""What a study of the atlas found, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from brainseg_gui.anatomy.atlas import SIDES, read_atlas
from training.atlas.study import Answers

_CEREBRUM = ("white matter", "cortex")
_LEVELS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)


def report(answers: Sequence[Answers]) -> str:
    """Accuracy by structure, how far a stated probability can be believed, shares of lesions, contact."""
    return "\n".join([*_places(answers), *_structures(answers), *_calibration(answers), *_lesions(answers)]) + "\n"


def _places(answers: Sequence[Answers]) -> Iterator[str]:
    right = [float((one.truth == one.said).mean()) for one in answers]
    whole = [float((_united(one.truth) == _united(one.said)).mean()) for one in answers]
    yield f"people {len(answers)}; brains overlap, least {min(one.overlap for one in answers):.3f}"
    yield f"structure of a place right: mean {np.mean(right):.3f}, least {min(right):.3f}"
    yield f"the same with cortex and white matter as one: mean {np.mean(whole):.3f}, least {min(whole):.3f}"
    yield f"side right beyond 5 mm of the midplane: least {min(one.sides for one in answers):.4f}"


def _united(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Cortex and white matter of a side under one number."""
    names = read_atlas().names
    table = np.arange(len(names) + 1)  # the last one is -1: no structure
    table[-1] = -1
    for side in SIDES:
        white, cortex = (names.index(f"{side} {title}") for title in _CEREBRUM)
        table[cortex] = white
    return table[numbers]


def _structures(answers: Sequence[Answers]) -> Iterator[str]:
    truth, said = (np.concatenate([getattr(one, key) for one in answers]) for key in ("truth", "said"))
    yield "structure: places in it, of these found, of those said to be it right"
    for number, name in enumerate(read_atlas().names):
        found = float((said == number)[truth == number].mean())
        right = float((truth == number)[said == number].mean()) if (said == number).any() else float("nan")
        yield f"  {name:24}{int((truth == number).sum()):7}{found:7.2f}{right:7.2f}"


def _calibration(answers: Sequence[Answers]) -> Iterator[str]:
    sure = np.concatenate([one.sure for one in answers])
    right = np.concatenate([one.truth == one.said for one in answers])
    yield "stated probability of the likeliest: places, mean stated, right"
    for low, high in pairwise(_LEVELS):
        here = (sure >= low) & (sure < high)
        if here.any():
            stated, found = sure[here].mean(), right[here].mean()
            yield f"  {low:.1f} to {min(high, 1):.1f}{int(here.sum()):9}{stated:7.2f}{found:7.2f}"


def _lesions(answers: Sequence[Answers]) -> Iterator[str]:
    shares = [pair for one in answers for pair in one.shares]
    errors = np.array([np.abs(expected - true).max() for expected, true in shares])
    main = float(np.mean([expected.argmax() == true.argmax() for expected, true in shares]))
    yield f"lesions {len(shares)}: main structure right {main:.2f}; part in a structure, largest error of each lesion:"
    yield f"  median {np.median(errors):.3f}, p90 {np.percentile(errors, 90):.3f}"
    said, touches = np.array([pair for one in answers for pair in one.contact]).T
    counts = [int(cases.sum()) for cases in (said & touches, said & ~touches, ~said & touches, ~said & ~touches)]
    yield "contact with a lateral ventricle: {} said and true, {} said only, {} true only, {} neither".format(*counts)
