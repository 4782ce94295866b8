"""Which contrast an image has, told from the image itself, and which of two T1 was taken after contrast agent."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.heads.field import FloatArray, HeadField
from brainseg_gui.preparation.heads.shells import shell_shares
from brainseg_gui.preparation.heads.skull import Mask, Predict
from brainseg_gui.progress import Progress

LOOKING = "looking at the contrast"
CHANNELS: tuple[Modality | None, ...] = (Modality.T1, Modality.T1CE, Modality.T2, Modality.FLAIR, None)
"""What the network's outputs mean; None is any other contrast."""
_TAILS = (0.2, 99.8)
_AGENT_AT, _AGENT_STEEP = 1.66, 6.9
"""Where `shine` speaks as much for contrast agent as against it, and how steeply that turns: fitted to T1 and T1ce of
29 patients. Left out one by one, 28 of their T1 and 25 of their T1ce are told rightly; at 90 % and more no T1 is taken
for a T1ce (its T1ce: 23), and one T1ce for a T1."""
_LEAST_VOXELS = 1000


@dataclass(frozen=True)
class ContrastGuess:
    """How likely an image is each of the four, or another (None); adds up to 1."""

    probabilities: Mapping[Modality | None, float]

    @property
    def best(self) -> Modality | None:
        """The likeliest."""
        return max(self.probabilities, key=lambda modality: self.probabilities[modality])

    @property
    def certainty(self) -> float:
        """How likely that is."""
        return self.probabilities[self.best]


def guess_contrast(
    field: HeadField, brain: NDArray[np.bool_], predict: Predict
) -> Generator[Progress, None, ContrastGuess]:
    """Look at an image in which the brain has been found.

    The network tells T1 from the others, with contrast agent or without; which of both it is, is told by `shine`.

    Parameters
    ----------
    field
        The image; its skull may be off already.
    brain
        Where the brain is, on the field.
    predict
        Runs the network of the task ``contrast``.

    Yields
    ------
    Progress
        Closing the generator cancels.
    """
    yield Progress(LOOKING, 0.0)
    shares = shell_shares(field.values, brain)
    yield Progress(LOOKING, 0.3)
    output = yield from predict(shares.reshape(1, 1, 1, 1, -1))
    said = dict(zip(CHANNELS, output.reshape(len(CHANNELS)).astype(np.float64).tolist(), strict=True))
    either, agent = said[Modality.T1] + said[Modality.T1CE], agent_chance(field.values, brain)
    return ContrastGuess(said | {Modality.T1: either * (1.0 - agent), Modality.T1CE: either * agent})


def agent_chance(image: FloatArray, brain: Mask) -> float:
    """How likely contrast agent was given, of an image that is a T1; both on the field."""
    ratio = max(shine(image, brain), 1e-3) / _AGENT_AT
    return float(1.0 / (1.0 + ratio**-_AGENT_STEEP))


def shine(image: FloatArray, brain: Mask) -> float:
    """How far the brightest thousandth of a brain stands out, in spreads of its middle two thirds.

    After contrast agent these are vessels and what enhances: mostly 2 to 6. Without it they are white matter: about 1.
    The outermost voxel is not looked at: there fat decides, by how tightly the brain was cut out (the T1 of a raw
    examination 1.37, 1.46 and 1.55 with three networks; 1.28 inside with all three).
    """
    values = image[_inside(brain)]
    if values.size < _LEAST_VOXELS:
        return _AGENT_AT
    low, middle, high, brightest = np.percentile(values, (16.0, 50.0, 84.0, 99.9))
    return float((brightest - middle) / max(float(high - low), 1e-6))


def _inside(brain: Mask) -> Mask:
    from scipy.ndimage import binary_erosion

    return np.asarray(binary_erosion(brain))


def contrast_gain(first: FloatArray, second: FloatArray, mask: Mask) -> float:
    """How much more shines in the second of two T1 than in the first, in units of what they differ by anyway.

    From 1.3 on the second was taken after contrast agent, below -1.3 the first was; in between nobody can tell. Of 30
    pairs of patients it is 1.4 to 16, of 19 pairs of painted heads 0.3 to 6 (13 above 1.3, none below 0), and of 19
    pairs of painted T1 that were both taken without it -0.9 to 1.03.

    Parameters
    ----------
    first, second
        On one grid, registered.
    mask
        Well inside the brain. Around it fat decides, which one of both may suppress: with a rim of a centimetre 10 of
        30 painted pairs had the wrong sign.
    """
    if int(mask.sum()) < _LEAST_VOXELS:
        return 0.0
    before, after = (_scaled(image[mask]) for image in (first, second))
    difference = after - before
    difference -= np.median(difference)
    low, high = np.percentile(difference, _TAILS)
    spread = float(np.percentile(np.abs(difference), 68.0)) + 1e-6
    return float((high + low) / spread / 2.0)


def _scaled(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Intensities with the median at 0 and the middle two thirds within ±1: gain and offset of a scan drop out."""
    low, middle, high = np.percentile(values, (16.0, 50.0, 84.0))
    return np.asarray((values - middle) / max(float(high - low) / 2.0, 1e-6), np.float64)
