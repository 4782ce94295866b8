"""What takes the skull off: the network that finds brains, run by the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brainseg_gui.inference.engine.engine import Engine
    from brainseg_gui.preparation.steps.work import BrainFinder


def finder_of(engine: Engine) -> BrainFinder | None:
    """The network that finds brains, started; None where the program comes without."""
    from brainseg_gui.inference.models.head_model import shipped_head_model
    from brainseg_gui.preparation.steps.work import BrainFinder

    model = shipped_head_model("brain mask")
    if model is None:
        return None
    engine.start(model)  # loads while series are registered
    passport = model.passport
    return BrainFinder(lambda batch: engine.predict(model, batch), f"{passport.name} {passport.version}")
