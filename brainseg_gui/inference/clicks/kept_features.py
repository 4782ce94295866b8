"""What the network sees of the open case: worked out once, for whoever asks first; whoever asks meanwhile waits."""

from __future__ import annotations

import threading
from collections.abc import Generator

from brainseg_gui.imaging.case import Case
from brainseg_gui.inference.case_features import CaseFeatures
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.inference.models.model_folder import ModelFolder
from brainseg_gui.inference.options import INFERRING
from brainseg_gui.progress import Progress

_LOOK_S = 0.05


class KeptFeatures:
    """Features of one case at a time; may be asked in several threads."""

    def __init__(self, engine: Engine, model: ModelFolder) -> None:
        self._engine, self._model = engine, model
        self._working = threading.Lock()
        self._kept: tuple[Case, CaseFeatures] | None = None
        self._wanted: Case | None = None  # what is worked out for a case that was let go meanwhile is not kept

    def of(self, case: Case, *, ahead: bool = False) -> Generator[Progress, None, CaseFeatures]:
        """Those of a case; yields, raises and takes `ahead` as `Engine.features`.

        Where somebody who works on them gives up, the next who waits begins anew.
        """
        while not self._working.acquire(timeout=_LOOK_S):
            yield Progress(INFERRING, 0.0, "somebody looks at it already")
        try:
            if (kept := self._kept) is not None and kept[0] is case:
                return kept[1]
            self._kept, self._wanted = None, case
            features = yield from self._engine.features(case, self._model, ahead=ahead)
            if self._wanted is case:
                self._kept = case, features
            return features
        finally:
            self._working.release()

    def forget(self, but: Case | None = None) -> None:
        """Let go of the case, unless it is a certain one."""
        if but is None or self._wanted is not but:
            self._kept = self._wanted = None
