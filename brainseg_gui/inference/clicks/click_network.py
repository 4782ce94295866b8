"""The network for clicks, as the program uses it: features once for a case, then a patch for each click."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence

from brainseg_gui.errors import BrainsegError, ModelError, ShortMemoryError
from brainseg_gui.free_memory import described_bytes, usable_bytes
from brainseg_gui.imaging.box import Box
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.hints import Hint
from brainseg_gui.inference.clicks.kept_features import KeptFeatures
from brainseg_gui.inference.clicks.mender import Mender, mended_regions
from brainseg_gui.inference.clicks.mender_file import shipped_mender
from brainseg_gui.inference.clicks.own_lesion import begun_regions, enough_begun
from brainseg_gui.inference.clicks.patch import Present, patch_around, patch_input, refined_regions
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.inference.image_steps import Mask
from brainseg_gui.inference.models.head_model import HeadModel, head_model
from brainseg_gui.inference.models.model_folder import ModelFolder, shipped_models
from brainseg_gui.progress import Progress

_AHEAD_BYTES = 1.5 * 2**30  # the engine, its network and a case; a computer that swaps is worse than a click that waits
_LOG = logging.getLogger(__name__)


class ClickNetwork:
    """Answers hints on one case at a time; only the first hint of a case waits for its features.

    Parameters
    ----------
    engine
        Runs both networks.
    features_of
        The network whose features are looked at.
    head
        The network for clicks.
    mender
        Corrects what is drawn; None where the images have to.
    fault
        Why they have to, if that is a fault of the installation.
    """

    def __init__(
        self,
        engine: Engine,
        features_of: ModelFolder,
        head: HeadModel,
        mender: Mender | None,
        fault: BrainsegError | None = None,
    ) -> None:
        self.fault = fault
        self._engine, self._head, self._mender = engine, head, mender
        self._features = KeptFeatures(engine, features_of)

    def regions(
        self, case: Case, present: Present, hints: Sequence[Hint]
    ) -> Generator[Progress, None, tuple[Box, dict[str, Mask]]]:
        """The nested regions where the last of some hints begins a lesion.

        Where the network that segments sees a tumour itself, that is the lesion; else the network for clicks is asked.

        Parameters
        ----------
        present
            Each region as it is, on the case's grid, (I, J, K).
        hints
            All that were given for this mask.

        Returns
        -------
        tuple
            A box of the case, and the regions in it.

        Raises
        ------
        ModelError
            If a model cannot be used, or needs a modality that the case lacks.
        EngineError
            If the process dies or fails, or works for somebody else.
        """
        features = yield from self._features.of(case)
        mending = features, self._mender, present, hints, case.grid.spacing_mm
        own = begun_regions(*mending)
        if own is not None:
            return enough_begun(own, *mending)
        patch = patch_around(hints[-1], features.network_grid)
        given = patch_input(features, patch, present, hints, case.grid.spacing_mm)
        answer = yield from self._engine.predict(self._head, given)
        begun = patch.case, refined_regions(answer, features, patch, present, hints[-1].adds)
        return enough_begun(begun, *mending)

    def mended(
        self, case: Case, present: Present, hints: Sequence[Hint]
    ) -> Generator[Progress, None, tuple[Box, dict[str, Mask]]]:
        """The nested regions around the last of some hints, which says what is wrong; the rest is as for `regions`."""
        if self._mender is None:
            unable = ModelError("it corrects nothing that is drawn", "The images alone answer", self._head.path)
            raise self.fault or unable
        features = yield from self._features.of(case)
        return mended_regions(self._mender, features, present, hints, case.grid.spacing_mm)

    def look_ahead(self, case: Case) -> Generator[Progress, None, None]:
        """See a case before it is clicked; a click that comes meanwhile waits for this and begins nothing anew.

        Raises
        ------
        Cancelled
            If the engine is wanted for anything else.
        ShortMemoryError
            If there is too little memory for what nobody waits for.
        ModelError, EngineError
            As for `regions`.
        """
        if (usable := usable_bytes()) < _AHEAD_BYTES:
            need = f"{described_bytes(_AHEAD_BYTES)} of memory, and {described_bytes(usable)} can be used"
            raise ShortMemoryError(f"looking ahead may need {need}", "Close other programs")
        yield from self._features.of(case, ahead=True)
        import scipy.ndimage  # noqa: F401  now, or the first click would wait for it

    def forget(self, but: Case | None = None) -> None:
        """Let go of the case that was seen, unless it is a certain one."""
        self._features.forget(but)


def shipped_click_network(engine: Engine) -> ClickNetwork | None:
    """The network for clicks that comes with the program; None where none does, or its features' network is another."""
    try:
        head = head_model("clicks")
    except ModelError:
        return None
    wanted = head.passport.features_of
    base = next((model for model in shipped_models() if model.passport.sha256_of_whole_cases == wanted), None)
    if base is None:
        _LOG.warning("the network for clicks looks at the features of no model that is here")
        return None
    try:
        return ClickNetwork(engine, base, head, shipped_mender(head.path, head.passport.mender_sha256))
    except ModelError as error:
        _LOG.warning("%s", error)
        return ClickNetwork(engine, base, head, None, error)
