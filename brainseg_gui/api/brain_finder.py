"""What finds the brain and tells contrasts: the networks of heads, run by the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brainseg_gui.inference.engine.engine import Engine
    from brainseg_gui.preparation.heads.finder import BrainFinder


def finder_of(engine: Engine, *, start: bool = True) -> BrainFinder | None:
    """The networks that see heads; None where the program comes without the one that finds brains.

    Parameters
    ----------
    start
        Whether to load that one already, while other things are done.
    """
    from brainseg_gui.inference.models.head_model import shipped_head_model
    from brainseg_gui.preparation.heads.finder import BrainFinder

    brain, contrast = shipped_head_model("brain mask"), shipped_head_model("contrast")
    if brain is None:
        return None
    if start:
        engine.start(brain)
    name = f"{brain.passport.name} {brain.passport.version}"
    tells = None if contrast is None else lambda shares: engine.predict(contrast, shares)
    return BrainFinder(lambda field: engine.predict(brain, field), name, tells)
