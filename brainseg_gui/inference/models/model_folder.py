"""Model folders: weights and the passport that says how to use them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from brainseg_gui.errors import ModelError
from brainseg_gui.inference.models.head_model import HeadModel
from brainseg_gui.inference.models.network_folder import NetworkFolder
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.models.passport_reading import parse_passport
from brainseg_gui.plain_files import open_file, read_json, visible

__all__ = [
    "DEFAULT_MODEL",
    "PASSPORT_NAME",
    "ModelFolder",
    "Passport",
    "default_model",
    "read_model_folder",
    "shipped_models",
    "verify_weights",
]

PASSPORT_NAME = "model.json"
DEFAULT_MODEL = "glioma-2mm"


class ModelFolder(NetworkFolder[Passport]):
    """A folder with the weights and the passport of a network that segments tumours."""

    @property
    def digests(self) -> Mapping[str, str]:
        """SHA-256 of every file beside the passport, also of an ensemble's."""
        return self.passport.digests or super().digests


def read_model_folder(path: Path) -> ModelFolder:
    """Read and validate a model folder; the weights are found, not loaded.

    Parameters
    ----------
    path
        The folder, or the ``model.json`` in it.

    Raises
    ------
    ModelError
        If something is missing, unknown or of the wrong type; says what.
    """
    folder = path.parent if path.name == PASSPORT_NAME else path
    file = folder / PASSPORT_NAME
    try:
        content = read_json(file)
    except (FileNotFoundError, NotADirectoryError) as error:
        remedy = f"Choose a folder that holds the weights and {PASSPORT_NAME}"
        raise ModelError(f"there is no {PASSPORT_NAME}", remedy, folder) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelError(f"it cannot be read ({reason})", "Check its permissions", file) from error
    except ValueError as error:  # neither UTF-8 nor JSON
        raise ModelError(f"it is not JSON ({visible(str(error), 200)})", f"Correct {PASSPORT_NAME}", file) from error
    if not isinstance(content, dict):
        raise ModelError("it is not a JSON object", f"Correct {PASSPORT_NAME}", file)
    model = ModelFolder(folder, parse_passport(content, file))
    for name in model.digests:
        if not (folder / name).is_file():
            raise ModelError(f"the weights {name} are missing", "Put the weights beside the passport", folder)
    return model


@cache
def shipped_models() -> tuple[ModelFolder, ...]:
    """The model folders that come with the program, by name.

    Raises
    ------
    ModelError
        If one of them is damaged.
    """
    return tuple(read_model_folder(folder) for folder in shipped_folders())


def shipped_folders() -> tuple[Path, ...]:
    """Where the models that come with the program lie, unread, the default one first."""
    root = Path(str(files("brainseg_gui.resources").joinpath("models")))
    if not root.is_dir():
        return ()
    folders = (child for child in root.iterdir() if (child / PASSPORT_NAME).is_file())
    return tuple(sorted(folders, key=lambda folder: (folder.name != DEFAULT_MODEL, folder.name)))


def default_model() -> ModelFolder:
    """The model that Segment uses unless another is chosen.

    Raises
    ------
    ModelError
        If the installation holds no model.
    """
    models = shipped_models()
    if not models:
        raise ModelError("this installation holds no model", "Install it again, or choose a model folder")
    return next((model for model in models if model.path.name == DEFAULT_MODEL), models[0])


def verify_weights(model: ModelFolder | HeadModel) -> None:
    """Check the weights' SHA-256.

    Raises
    ------
    ModelError
        If the file is not the one that the passport describes, or cannot be read.
    """
    for name, digest in model.digests.items():
        path = model.path / name
        try:
            with open_file(path) as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            reason = error.strerror or str(error)
            raise ModelError(f"the weights cannot be read ({reason})", "Check the file", path) from error
        if found != digest:
            raise not_those(path, found)


def not_those(path: Path, found: str) -> ModelError:
    """The error of weights whose digest, `found`, is not that of the passport."""
    return ModelError(
        f"the weights are not those that the passport describes (their SHA-256 is {found})",
        "Copy the model folder again from its source, or write this into model.json if you exported the network",
        path,
    )
