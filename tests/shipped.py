"""Networks that come with the program, by what a test needs of them."""

from __future__ import annotations

from brainseg_gui.inference.models.model_folder import ModelFolder, shipped_models


def needs_all_modalities() -> ModelFolder:
    """A shipped network that cannot do without any of its modalities."""
    return next(model for model in shipped_models() if not model.passport.may_be_missing)
