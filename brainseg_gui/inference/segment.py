"""The whole way from volumes to classes: prepare, infer, map back. The button and validation run this code.

The network is anything that fits `infer.Predictor`; nothing here knows Keras.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np

from brainseg_gui.errors import ModelError
from brainseg_gui.imaging.box import Box
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import LARGEST_BRAIN_ML, Volume
from brainseg_gui.inference.answers import with_odds
from brainseg_gui.inference.certainty import Levels, keep_probabilities
from brainseg_gui.inference.estimated import estimate
from brainseg_gui.inference.infer import Predictor, infer
from brainseg_gui.inference.models.dense import DenseNetwork
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.options import INFERRING, MAPPING_BACK, PREPARING
from brainseg_gui.inference.postprocess import Classes, Confidence, map_back, needs_confidence, postprocess
from brainseg_gui.inference.preprocess import Prepared, prepare
from brainseg_gui.inference.refine import Refinable, Refined, refine
from brainseg_gui.inference.sure_volumes import sure_volumes
from brainseg_gui.progress import Progress, scaled

_ESTIMATED = 0.2  # of the whole work, when no image is missing any more
_PREPARED = 0.4  # of the whole work, when the network starts
_INFERRED = 0.9
_FIRST = 0.4  # of the two networks' work


@dataclass(frozen=True)
class Outcome:
    """How a segmentation went.

    Parameters
    ----------
    seconds
        Per stage.
    notes
        Sentences about what had to be done differently.
    overlap
        By region, how far mask and probabilities agree; see `expected_dice.own_overlap`.
    kept
        Where probabilities were kept.
    sure_ml
        By region, the volumes between which it lies; see `sure_volumes`.
    """

    seconds: Mapping[str, float]
    notes: tuple[str, ...]
    overlap: Mapping[str, float]
    kept: Box | None = None
    sure_ml: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def segment_volumes(
    volumes: Mapping[Modality, Volume],
    passport: Passport,
    network: Predictor,
    classes: Classes,
    confidence: Confidence | None = None,
    levels: Levels | None = None,
) -> Generator[Progress, None, Outcome]:
    """Segment volumes on one RAS grid.

    Parameters
    ----------
    volumes
        Modalities of the passport; those that may be missing may be.
    passport
        What the network expects and gives.
    network
        The network.
    classes
        Receives 0 background, 1 NCR, 2 ED, 3 ET, RAS-ordered, (I, J, K); all 0 on entry.
    confidence
        Receives the probability of the class that won, before the passport's rules; as `classes`.
    levels
        Receives the probabilities of all classes; see `certainty.keep_probabilities`.

    Yields
    ------
    Progress
        `done` counts over all three stages.

    Raises
    ------
    ModelError
        If the images do not fit the passport.
    EngineError
        If no memory is large enough.
    """
    started = time.perf_counter()
    missing = passport.to_estimate(volumes)
    volumes, said_before = yield from scaled(_with_estimate(volumes, passport, network), 0.0, _ESTIMATED)
    asked = passport.where_estimated if missing in volumes else passport
    prepared = yield from scaled(prepare(volumes, passport), _ESTIMATED, _PREPARED)
    inferring = time.perf_counter()
    said = yield from scaled(_ask(volumes, passport, asked, network, prepared), _PREPARED, _INFERRED)
    probabilities, prepared, notes = said.probabilities, said.prepared, (*said_before, *said.notes)
    mapping = time.perf_counter()
    yield Progress(MAPPING_BACK, _INFERRED)
    if confidence is None and needs_confidence(passport.postprocess):
        confidence = np.zeros(classes.shape, np.float32, order="F")
    sampled = map_back(probabilities, prepared, passport, classes, confidence)
    kept = None
    if levels is not None:
        yield Progress(MAPPING_BACK, 0.94, "keeping probabilities")
        kept = keep_probabilities(probabilities, prepared, passport, classes, levels)
    yield Progress(MAPPING_BACK, 0.97, "cleaning up")
    grid = next(iter(volumes.values())).grid
    notes += _notes_on(prepared, grid.voxel_ml)
    drawn = classes.copy(order="K") if passport.postprocess else classes
    postprocess(classes, passport.postprocess, grid.voxel_ml, confidence, grid.spacing_mm)
    sure_ml = sure_volumes(probabilities, prepared, passport, drawn, classes, grid.voxel_ml)
    overlap = sampled.overlap(classes) if sampled is not None else {}
    stages = {
        PREPARING: inferring - started,
        INFERRING: mapping - inferring,
        MAPPING_BACK: time.perf_counter() - mapping,
    }
    return Outcome(stages, notes, overlap, kept, sure_ml)


@runtime_checkable
class KnowsIncomplete(Protocol):
    """A `Predictor` whose model may have another one for cases that lack a modality."""

    def for_incomplete(self) -> Generator[Progress, None, Predictor]:
        """That one, or itself."""


@runtime_checkable
class Estimates(Protocol):
    """A `Predictor` whose model may estimate an image that a case lacks."""

    def estimator(self, modality: Modality) -> DenseNetwork | None:
        """What estimates it from the others."""


def _with_estimate(
    volumes: Mapping[Modality, Volume], passport: Passport, network: Predictor
) -> Generator[Progress, None, tuple[Mapping[Modality, Volume], tuple[str, ...]]]:
    """The images, the only one that is missing estimated from the others; and what is said of it."""
    missing = passport.to_estimate(volumes)
    if missing is None or not isinstance(network, Estimates):
        return volumes, ()
    try:
        estimator = network.estimator(missing)
    except ModelError as error:
        return volumes, (f"{missing.title} was not estimated: {error.what}",)
    if estimator is None:
        return volumes, ()
    others = [modality for modality in passport.modalities if modality is not missing]
    try:
        found = yield from estimate(volumes, others, estimator)
    except MemoryError:
        return volumes, (f"{missing.title} was not estimated: the memory is too small",)
    return {**volumes, missing: found}, (f"{missing.title} was estimated from the other images",)


def _ask(
    volumes: Mapping[Modality, Volume], passport: Passport, asked: Passport, network: Predictor, prepared: Prepared
) -> Generator[Progress, None, Refined]:
    """What the network says, and the finer one after it, where the model has one; or the one for incomplete cases.

    The first one is asked as another passport says where one image was estimated.
    """
    complete = all(modality in volumes for modality in passport.modalities)
    odds = 1.0
    if not complete and passport.incomplete is not None and isinstance(network, KnowsIncomplete):
        network = yield from scaled(network.for_incomplete(), 0.0, 0.0)
        odds = passport.incomplete.tumour_odds
    finer = network.finer if complete and isinstance(network, Refinable) else None
    share = _FIRST if finer is not None else 1.0
    probabilities, notes = yield from scaled(infer(prepared.batch, asked, network), 0.0, share)
    first = Refined(with_odds(probabilities, passport.output, odds), prepared, notes)
    return first if finer is None else (yield from scaled(refine(volumes, passport, finer, first), share, 1.0))


def _notes_on(prepared: Prepared, voxel_ml: float) -> tuple[str, ...]:
    """What the person should know of images that are unlike those that networks are trained on."""
    brain_ml = 0.0 if prepared.brain is None else np.count_nonzero(prepared.brain) * voxel_ml
    if brain_ml <= LARGEST_BRAIN_ML:
        return ()
    return (
        f"The images hold {brain_ml / 1000:.1f} litres where a brain has less than 2. Strip the skull and set all that "
        "is not brain to 0: networks that were trained on brains alone go wrong on heads",
    )
