"""What is compared: thresholds and networks, behind one face."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.case import Case
from brainseg_gui.inference.models import steps
from brainseg_gui.inference.models.model_folder import ModelFolder
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.options import SegmentOptions, require_modalities
from brainseg_gui.inference.segment import Outcome, segment_volumes
from brainseg_gui.progress import run_to_end
from training.compare.baselines import NEEDED, Baseline, segment_by_thresholds
from training.errors import TrainingError

if TYPE_CHECKING:
    from brainseg_gui.inference.network.network import LoadedNetwork

VERSION = 3  # of the code that makes predictions: raise it when they change


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a method says of a case, before the rules that follow a network.

    Parameters
    ----------
    classes
        0 background, 1 NCR, 2 ED, 3 ET, (I, J, K).
    confidence
        Probability of the class that won, 0 where nobody looked; (I, J, K).
    seconds
        From the images in memory to the classes.
    """

    classes: NDArray[np.uint8]
    confidence: NDArray[np.float32]
    seconds: float


class Method(Protocol):
    """Something that segments cases."""

    @property
    def name(self) -> str:
        """In tables."""

    @property
    def key(self) -> str:
        """Digest of everything that its predictions depend on, but the case."""

    @property
    def rules(self) -> tuple[steps.PostStep, ...]:
        """What follows on its classes."""

    def of_case(self, case_id: str) -> Method:
        """What segments a case: the method itself, or the part of it that may be scored on the case.

        Raises
        ------
        BrainsegError
            If no part may.
        """

    def predict(self, case: Case) -> Prediction:
        """Segment a case.

        Raises
        ------
        BrainsegError
            If the case does not suit the method.
        """


@dataclass(frozen=True)
class BaselineMethod:
    """A baseline as a method."""

    baseline: Baseline

    @property
    def name(self) -> str:
        """In tables."""
        return self.baseline.name

    @property
    def key(self) -> str:
        """Digest of the baseline."""
        return _digest(repr(self.baseline))

    @property
    def rules(self) -> tuple[steps.PostStep, ...]:
        """None: a baseline has its own."""
        return ()

    def of_case(self, case_id: str) -> Method:
        """Itself."""
        return self

    def predict(self, case: Case) -> Prediction:
        """Segment a case; every voxel counts as sure."""
        if missing := [m.title for m in NEEDED if m not in case.volumes]:
            raise TrainingError(f"{' and '.join(missing)} is missing", "Leave the case out", case.source.folder)
        started = time.perf_counter()
        classes = segment_by_thresholds(case.volumes, self.baseline)
        seconds = time.perf_counter() - started
        return Prediction(classes, (classes > 0).astype(np.float32), seconds)


@dataclass(frozen=True)
class Model:
    """A network as a method; loaded when the first case comes that is not stored yet.

    Parameters
    ----------
    folder
        Weights and passport.
    options
        Device and precision.
    name
        In tables.
    """

    folder: ModelFolder
    options: SegmentOptions
    name: str

    @property
    def key(self) -> str:
        """Digest of the weights, and of the passport but for the rules that follow and the words."""
        passport = self.folder.passport
        prepared = (passport.modalities, passport.axes, passport.orientation, passport.spacing_mm, passport.divisor)
        finer = () if passport.finer is None else (passport.finer,)
        others = finer if passport.estimated is None else (*finer, passport.estimated.mirrored)
        asked = (passport.patch, passport.windows, passport.mirrored, sorted(self.folder.digests.items()))
        own = (prepared, asked, passport.preprocess, passport.output, self.options.precision)
        return _digest(repr((*own, *others)))

    @property
    def rules(self) -> tuple[steps.PostStep, ...]:
        """The passport's."""
        return self.folder.passport.postprocess

    def of_case(self, case_id: str) -> Method:
        """Itself."""
        return self

    def predict(self, case: Case) -> Prediction:
        """Segment a case as the button does, but for the rules at the end."""
        confidence = np.zeros(case.grid.shape, np.float32, order="F")
        classes, outcome = self._segmented(case, replace(self.folder.passport, postprocess=()), confidence)
        return Prediction(classes, confidence, sum(outcome.seconds.values()))

    def segment(self, case: Case) -> tuple[NDArray[np.uint8], Outcome]:
        """Classes of a case, (I, J, K), as the button gives them, and how it went.

        Raises
        ------
        BrainsegError
            If the case does not suit the model.
        """
        return self._segmented(case, self.folder.passport, None)

    def _segmented(
        self, case: Case, passport: Passport, confidence: NDArray[np.float32] | None
    ) -> tuple[NDArray[np.uint8], Outcome]:
        require_modalities(case.volumes, self.folder, case.source.folder)
        classes = np.zeros(case.grid.shape, np.uint8, order="F")
        return classes, run_to_end(segment_volumes(case.volumes, passport, self._network, classes, confidence))

    @cached_property
    def _network(self) -> LoadedNetwork:
        from brainseg_gui.inference.network.network import load_network  # imports Keras

        return run_to_end(load_network(self.folder, self.options))


def _digest(text: str) -> str:
    return hashlib.blake2b(f"{VERSION} {text}".encode(), digest_size=12).hexdigest()
