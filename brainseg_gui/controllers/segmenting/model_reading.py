"""Reading model folders beside the window: what a person added may lie on a drive that does not answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brainseg_gui.controllers.jobs.latest_job import Work
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.progress import Progress

if TYPE_CHECKING:
    from brainseg_gui.inference.models.model_folder import ModelFolder

_HASHED_AT_ONCE = 2**26  # bytes: some hundredths of a second


def reading(call: Callable[[], Any]) -> Work:
    """A call that reads models, as work that can be given up."""
    return (yield from waited_for(in_background(call, "read model"), Progress("reading model", 0.0)))


def read_models(folders: Sequence[Path]) -> list[ModelFolder | BrainsegError]:
    """Each model folder, or why it cannot be used."""
    from brainseg_gui.inference.models.model_folder import read_model_folder

    found: list[ModelFolder | BrainsegError] = []
    for folder in folders:
        try:
            found.append(read_model_folder(folder))
        except BrainsegError as error:
            found.append(error)
    return found


def read_checked(folder: Path) -> ModelFolder | BrainsegError:
    """As `read_models`, of one whose weights are compared with its passport; large ones are before they are used."""
    from brainseg_gui.inference.models.model_folder import verify_weights

    (model,) = read_models([folder])
    if isinstance(model, BrainsegError):
        return model
    try:
        if model.weights_path.stat().st_size < _HASHED_AT_ONCE:
            verify_weights(model)
    except BrainsegError as error:
        return error
    return model
