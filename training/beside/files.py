"""Networks beside the first one of a model folder: their files, and what the passport says of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.estimated import file_of
from brainseg_gui.inference.models.dense import DenseNetwork, dense_as_bytes
from brainseg_gui.inference.models.model_folder import PASSPORT_NAME, ModelFolder, read_model_folder
from brainseg_gui.plain_files import open_file, read_json
from brainseg_gui.storage.writing import write_bytes, write_text
from training.errors import TrainingError

ESTIMATED = "estimated"


def put_network(
    model: ModelFolder, other: ModelFolder, field: str, *, more: Mapping[str, Any], outdated: str = ""
) -> ModelFolder:
    """Put another model's network into a model folder, as ``FIELD.keras``.

    Parameters
    ----------
    field
        Of the passport; holds ``weights``, ``sha256`` and `more`.
    outdated
        A field of the passport that goes: it was measured without that network.

    Raises
    ------
    TrainingError
        If the two do not see and tell the same, but for the grid.
    """
    if _seen_and_told(model) != _seen_and_told(other):
        raise TrainingError("it is prepared otherwise than the first network", "Train it from that one", other.path)
    raw, name = weights_of(other), f"{field}.keras"
    about = read_json(model.path / PASSPORT_NAME)
    about.pop(outdated, None)
    if about.pop(field, None) is not None:  # who is killed between the two files leaves a model without
        write_passport(model.path, about)
    write_bytes(model.path / name, raw, chosen=False)
    about[field] = {"weights": name, "sha256": hashlib.sha256(raw).hexdigest(), **more}
    write_passport(model.path, about)
    return read_model_folder(model.path)


def _seen_and_told(model: ModelFolder) -> tuple[object, ...]:
    one = model.passport
    return (one.modalities, one.axes, one.orientation, one.divisor, one.preprocess, one.output)


def weights_of(model: ModelFolder) -> bytes:
    """The file of a model's first network.

    Raises
    ------
    TrainingError
        If it cannot be read, or is not what the passport describes.
    """
    path, expected = model.weights_path, model.passport.digests[model.passport.weights]
    try:
        with open_file(path) as stream:
            raw = stream.read()
    except OSError as error:
        raise TrainingError(f"it cannot be read ({error.strerror or error})", "Put the model back", path) from error
    if hashlib.sha256(raw).hexdigest() != expected:  # perhaps hours after it was looked at
        raise TrainingError("it is not what its passport describes", "Put the model back as it was", path)
    return raw


def write_passport(folder: Path, about: object) -> None:
    """Write the passport of a model folder."""
    write_text(folder / PASSPORT_NAME, json.dumps(about, indent=1, ensure_ascii=False) + "\n", chosen=False)


def add_estimators(model: ModelFolder, networks: Mapping[Modality, DenseNetwork], mirrored: str = "") -> ModelFolder:
    """Put such networks into a model folder.

    Parameters
    ----------
    mirrored
        See `Estimated`.

    Raises
    ------
    TrainingError
        If the model needs one of the modalities.
    """
    if needed := [modality for modality in networks if modality not in model.passport.may_be_missing]:
        raise TrainingError(f"the model needs {needed[0].title}", "Say in input what may_be_missing", model.path)
    about, entries = read_json(model.path / PASSPORT_NAME), {}
    if about.pop(ESTIMATED, None) is not None:  # as in `put_network`
        write_passport(model.path, about)
    for modality, network in networks.items():
        name, raw = f"{ESTIMATED}_{modality.value}.npz", dense_as_bytes(network)
        write_bytes(model.path / name, raw, chosen=False)
        entries[modality.value] = {"weights": name, "sha256": hashlib.sha256(raw).hexdigest()}
    about[ESTIMATED] = {"networks": entries, **({"mirrored": list(mirrored)} if mirrored else {})}
    write_passport(model.path, about)
    return read_model_folder(model.path)


def pass_on_estimators(parent: ModelFolder, model: ModelFolder) -> None:
    """Give a model that was trained from another what estimates images there, if anything does."""
    known = parent.passport.estimated
    if known is not None and known.files.keys() <= model.passport.may_be_missing.keys():
        check = file_of(len(parent.passport.modalities) - 1)
        networks = {
            modality: check.read(parent.path / name, sha256) for modality, (name, sha256) in known.files.items()
        }
        add_estimators(model, networks, known.mirrored)
