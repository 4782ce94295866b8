"""What a weights file would run, read before Keras opens it.

Keras refuses to rebuild Python code (Lambda layers) from ``.keras`` files unless told otherwise; ``.h5`` files have
once ignored that. Both are looked at here, and only layers of Keras itself pass.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from brainseg_gui.errors import ModelError

_REMEDY = "Use weights whose layers are all Keras' own"


def check_architecture(path: Path) -> None:
    """Refuse a model file that holds code or classes from outside Keras.

    Raises
    ------
    ModelError
        If it does, or is no Keras model at all.
    """
    config = _read_config(path)
    for entry in _objects(config):
        name = str(entry.get("class_name", ""))
        module = str(entry.get("module") or "keras")
        registered = str(entry.get("registered_name") or "")
        if "Lambda" in (name, registered) or name == "__lambda__":
            raise ModelError("the network holds Python code (a Lambda layer)", _REMEDY, path)
        if module.split(".")[0] not in ("keras", "builtins") or ">" in registered:
            raise ModelError(f"the network holds a class that is not Keras' own ({name})", _REMEDY, path)


def _read_config(path: Path) -> Any:
    try:
        if path.suffix == ".keras":
            with zipfile.ZipFile(path) as archive:
                config = json.loads(archive.read("config.json"))
        else:
            config = json.loads(_h5_config(path))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ModelError(f"it is not a Keras model ({error})", "Save it with model.save", path) from error
    # What the optimiser, losses and metrics were does not matter: models are loaded without them.
    return {key: value for key, value in config.items() if key != "compile_config"}


def _h5_config(path: Path) -> str | bytes:
    import h5py

    with h5py.File(path, "r") as file:
        if "model_config" not in file.attrs:
            raise KeyError("it holds weights only, without the network's architecture")
        config: str | bytes = file.attrs["model_config"]
        return config


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """All serialised objects in a nested configuration."""
    if isinstance(value, dict):
        if "class_name" in value:
            yield value
        for child in value.values():
            yield from _objects(child)
    elif isinstance(value, list):
        for child in value:
            yield from _objects(child)
