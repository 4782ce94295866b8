"""An engine without a network that sees what the reference says, for what the program makes of features."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np

from brainseg_gui.errors import EngineError
from brainseg_gui.imaging.case import Case
from brainseg_gui.inference.case_features import CaseFeatures
from brainseg_gui.inference.network_grid import NetworkGrid
from brainseg_gui.progress import Progress
from tests.e2e.conftest import NoEngine
from training.clicks.case import network_classes

_SURE = 0.9


class SeeingEngine(NoEngine):
    """Features on the case's own grid; networks on patches are not run."""

    def features(self, case: Case, *_arguments: Any, **_options: Any) -> Generator[Progress, None, CaseFeatures]:
        yield Progress("inferring", 0.5)
        assert case.reference is not None
        classes = network_classes(case.reference)
        probabilities = np.full((*case.grid.shape, 4), (1 - _SURE) / 3)
        np.put_along_axis(probabilities, classes[..., None].astype(int), _SURE, axis=-1)
        volumes = [np.asarray(volume.stored, np.float32) for volume in case.volumes.values()]
        brain = volumes[0] > 0
        images = [np.where(brain, (v - v[brain].mean()) / v[brain].std(), 0) for v in volumes]
        nothing = np.zeros((*case.grid.shape, 16))
        values = np.concatenate([nothing, probabilities, np.stack(images, axis=-1)], axis=-1).astype(np.float16)
        i, j, k = case.grid.shape
        return CaseFeatures(values, NetworkGrid.of_box((0, 0, 0), (i, j, k)), brain)

    def predict(self, *_arguments: Any, **_options: Any) -> Any:
        raise EngineError("there is no engine", "This is a test without one")
