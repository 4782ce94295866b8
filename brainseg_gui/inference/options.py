"""What a person chooses for a segmentation, and what comes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import ModelError, listed
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.probabilities import ClassProbabilities
from brainseg_gui.inference.models.dice_line import ExpectedDice
from brainseg_gui.inference.models.model_folder import ModelFolder, Passport

Device = Literal["auto", "cpu", "gpu"]
Precision = Literal["auto", "float32", "bfloat16"]

STARTING = "starting the engine"
LOADING = "loading model"
PREPARING = "preparing"
INFERRING = "inferring"
MAPPING_BACK = "mapping back"


@dataclass(frozen=True)
class SegmentOptions:
    """Where and how precisely the network runs; ``auto`` takes the fastest that is there.

    Parameters
    ----------
    device, precision
        What the loaded network depends on.
    keep_probabilities
        Bring the probabilities of all classes back too; takes some tenths of a second and 4 bytes per voxel of the
        box where the background is not certain.
    """

    device: Device = "auto"
    precision: Precision = "auto"
    keep_probabilities: bool = False

    @property
    def of_network(self) -> SegmentOptions:
        """What a loaded network depends on: the same network serves with and without probabilities."""
        return replace(self, keep_probabilities=False)


@dataclass(frozen=True, eq=False)
class SegmentResult:
    """A segmentation.

    Parameters
    ----------
    classes
        0 background, 1 NCR, 2 ED, 3 ET on the grid of the case, RAS-ordered, uint8, (I, J, K).
    seconds
        Per stage; stages that were not needed are left out.
    device
        Where it ran, in words ("CPU (2 cores)").
    precision
        ``float32`` or ``bfloat16``.
    model
        Name and version of the model.
    notes
        Sentences about what had to be done differently.
    probabilities
        How sure the network was, if that was to be kept: before the passport's rules, which may have changed
        `classes` since.
    expected_dice
        Per region of the mask, the Dice that it will probably have, where the passport tells.
    sure_ml
        Per region, the volumes in ml between which it lies; see `sure_volumes`.
    """

    classes: NDArray[np.uint8]
    seconds: Mapping[str, float]
    device: str
    precision: str
    model: str
    notes: tuple[str, ...] = ()
    probabilities: ClassProbabilities | None = None
    expected_dice: Mapping[str, ExpectedDice] = field(default_factory=dict)
    sure_ml: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def missing_modalities(volumes: Iterable[Modality], model: ModelFolder) -> tuple[Modality, ...]:
    """Modalities that the model cannot do without and `volumes` (any collection of modalities) does not hold."""
    there, passport = set(volumes), model.passport
    optional = passport.may_be_missing if there & set(passport.modalities) else ()
    return tuple(modality for modality in passport.modalities if modality not in there and modality not in optional)


def cautions(volumes: Iterable[Modality], passport: Passport) -> tuple[str, ...]:
    """What it costs that `volumes` lacks modalities which the model can do without, a sentence each."""
    there = set(volumes)
    return tuple(
        f"{modality.title} is missing: {cost}"
        for modality, cost in passport.may_be_missing.items()
        if modality not in there
    )


def require_modalities(volumes: Iterable[Modality], model: ModelFolder, folder: Path) -> None:
    """Refuse a case without a modality that the model needs.

    Raises
    ------
    ModelError
        Names them.
    """
    if missing := missing_modalities(volumes, model):
        names = listed([modality.title for modality in missing])
        raise ModelError(
            f"the model {model.passport.name} needs {names}, which this case lacks",
            "Add the missing files, or choose another model",
            folder,
        )
