"""Validation on whole cases, through the code that the program's button runs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.metrics.comparison import compare
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import NETWORK_SCHEME, LabelMap, regions
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.network.devices import ComputeDevice
from brainseg_gui.inference.network.network import LoadedNetwork
from brainseg_gui.inference.options import Precision
from brainseg_gui.inference.segment import segment_volumes
from brainseg_gui.progress import Progress
from brainseg_gui.storage.writing import replacing
from training.data.data_set import TrainingCase
from training.estimate import activation_bytes_per_voxel

FORWARD_SHARE = 0.65  # of all activations live at the peak of a forward pass; measured on the article's network

Warn = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class CaseValidation:
    """One case's validation.

    Parameters
    ----------
    case
        The case, with its reference.
    classes
        Network classes of every voxel of the case, RAS-ordered.
    dice
        Of WT, TC and ET.
    """

    case: Case
    classes: NDArray[np.uint8]
    dice: Mapping[str, float]

    @property
    def digest(self) -> str:
        """Digest of the mask: whoever segments the case with the model later can tell whether it is the same."""
        return mask_digest(self.classes)


def mask_digest(classes: NDArray[np.uint8]) -> str:
    """BLAKE2b of the voxels in C order."""
    return hashlib.blake2b(np.ascontiguousarray(classes).tobytes(), digest_size=16).hexdigest()


class Validation:
    """Segments held-back cases with a network that is being trained, and scores them.

    Parameters
    ----------
    model
        The network that is being trained; its weights at the time of the call count.
    plain
        The same network in float32, as it is going to be exported.
    device, precision
        Where and how precisely it runs.
    passport
        How cases are prepared.
    cases
        The held-back cases.
    warn
        Is told of cases that cannot be used.
    """

    def __init__(
        self,
        model: Any,
        plain: Any,
        device: ComputeDevice,
        precision: Precision,
        passport: Passport,
        cases: Sequence[TrainingCase],
        warn: Warn,
    ) -> None:
        self._model = model
        self.cases = tuple(cases)
        self.expected = 0
        """How many cases the earlier scores of the run are of; 0 where there are none."""
        self._passport = passport
        self._warn = warn
        self._network = LoadedNetwork(plain, device, precision)
        self._network.bytes_per_voxel = FORWARD_SHARE * activation_bytes_per_voxel(model)

    def run(self) -> Iterator[Progress | CaseValidation]:
        """Validate case after case; yields progress, so that a stop is heard within a case, and results."""
        self._network.take_weights(self._model.get_weights())
        for case in self.cases:
            try:
                yield from self._validate(case)
            except BrainsegError as error:
                self._warn(f"{case.case_id} is left out of this validation: {error}")

    def _validate(self, case: TrainingCase) -> Iterator[Progress | CaseValidation]:
        study = yield from read_case(case.source)
        if study.reference is None:
            raise BrainsegError("it has no mask", "Leave the case out", case.source.folder)
        classes = np.zeros(study.grid.shape, np.uint8, order="F")
        yield from segment_volumes(study.volumes, self._passport, self._network, classes)
        reference = study.reference.with_scheme(case.scheme)
        yield CaseValidation(study, classes, dice_of(reference, classes))


def dice_of(reference: LabelMap, classes: NDArray[np.uint8]) -> dict[str, float]:
    """Dice of WT, TC and ET of network classes against a reference."""
    prediction = LabelMap(classes, reference.grid, scheme_named(NETWORK_SCHEME))
    comparison = compare(reference, prediction)
    return {region.key: comparison.row(region.key).dice for region in regions()}


def mean_dice(results: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean over cases of each region's Dice, and ``mean``: that of the regions."""
    means = {region.key: float(np.mean([dice[region.key] for dice in results])) for region in regions()}
    return {**means, "mean": float(np.mean(list(means.values())))}


def write_picture(path: Path, result: CaseValidation) -> None:
    """The axial slice with most of the reference's tumour: reference left, prediction right, as the radiologist sees.

    Written beside `path` and renamed, so that the panel never reads half a picture; `path` lies in a folder of the run
    folder, which may come from elsewhere: no link is followed there.
    """
    from matplotlib.image import imsave

    reference = result.case.reference
    if reference is None:
        return
    scheme = scheme_named(NETWORK_SCHEME)
    sides = (reference, LabelMap(result.classes, reference.grid, scheme))
    k = int(np.argmax((reference.values > 0).sum(axis=(0, 1))))
    grey = _grey(result.case, k)
    picture = np.concatenate([_painted(grey, side, k) for side in sides], axis=1)
    path.parent.mkdir(exist_ok=True)
    with replacing(path, chosen=False, root=path.parent.parent) as temporary:
        imsave(temporary, picture, format="png")


def _grey(case: Case, k: int) -> NDArray[np.float64]:
    """One axial slice as 0 … 1, rows from anterior to posterior, columns from the patient's right to left."""
    volume = next(iter(case.volumes.values()))
    for modality, candidate in case.volumes.items():
        if modality.value == "flair":
            volume = candidate
    stored = volume.stored[:, :, k].astype(np.float64)
    low, high = float(volume.background), float(np.percentile(volume.stored[::4, ::4, ::4], 99.5))
    # (I, J) right, anterior -> rows down to posterior; the patient's right is on the left of the picture
    return np.clip((stored - low) / max(high - low, 1e-6), 0, 1)[::-1, ::-1].T


def _painted(grey: NDArray[np.float64], labels: LabelMap, k: int) -> NDArray[np.float64]:
    from brainseg_gui.imaging.labels import meanings

    picture = np.repeat(grey[..., None], 3, axis=-1)
    values = labels.values[:, :, k][::-1, ::-1].T
    for value in np.unique(values[values > 0]):
        colour = meanings()[labels.scheme.meaning_of(int(value))].colour
        rgb = np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)]) / 255
        here = values == value
        picture[here] = 0.5 * picture[here] + 0.5 * rgb
    return picture
