"""Networks beside those that segment: where the brain is, which contrast an image has, what a click asks for.

Their folders are model folders too, under ``resources/models/heads``, and their passports say by ``task`` that they
segment no tumour: neither can be taken for the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from brainseg_gui.errors import ModelError
from brainseg_gui.imaging.hints import NESTED_REGIONS
from brainseg_gui.inference.models.json_fields import JsonFields
from brainseg_gui.inference.models.network_files import sha256_of, weights_of
from brainseg_gui.inference.models.network_folder import NetworkFolder
from brainseg_gui.inference.models.passport_reading import FORMAT, framework_of, name_of
from brainseg_gui.plain_files import read_json, visible

_REMEDY = "Copy the folder again from its source"
HeadTask = Literal["brain mask", "contrast", "clicks"]
TASKS: tuple[HeadTask, ...] = ("brain mask", "contrast", "clicks")
_FOLDERS: Mapping[HeadTask, str] = {"brain mask": "brain-3mm", "contrast": "contrast", "clicks": "clicks-2mm"}
CONTRASTS = ("t1", "t1ce", "t2", "flair", "other")
OUTPUTS: Mapping[HeadTask, tuple[str, ...]] = {
    "brain mask": ("background", "brain"),
    "contrast": CONTRASTS,
    "clicks": NESTED_REGIONS,
}
"""What the channels of such a network's output mean, in their order."""
_FEATURES = tuple(f"feature {n}" for n in range(1, 25))  # 16 of the last layer, 4 probabilities, 4 images
_PRESENT_AND_SAID = tuple(f"{words}{region}" for words in ("", "is ", "is not ") for region in NESTED_REGIONS)
CLICK_INPUTS = (*_FEATURES, *_PRESENT_AND_SAID)
INPUTS: Mapping[HeadTask, tuple[str, ...]] = {
    "brain mask": ("image",),
    "contrast": tuple(f"shell {shell} level {level}" for shell in range(1, 7) for level in range(1, 11)),
    "clicks": CLICK_INPUTS,
}
"""The same of its input."""


@dataclass(frozen=True)
class HeadPassport:
    """The validated passport of such a network; it sees the field of `preparation.heads`, or one voxel.

    Parameters
    ----------
    task
        What the network tells.
    inputs, outputs
        Meaning of the channels.
    divisor
        What the axes of the field are multiples of.
    features_of
        `Passport.sha256_of_whole_cases` of the model whose features a network for clicks looks at; else empty.
    mender_sha256
        SHA-256 of what mends masks beside a network for clicks; empty where there is no such.

    The others are as in `Passport`.
    """

    name: str
    version: str
    task: HeadTask
    weights: str
    sha256: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    divisor: int
    framework: Mapping[str, str]
    licence: str
    trained_on: str
    results: str
    intended_use: str
    features_of: str = ""
    mender_sha256: str = ""


class HeadModel(NetworkFolder[HeadPassport]):
    """A folder with such a network's weights and its passport."""


@cache
def head_model(task: HeadTask) -> HeadModel:
    """The network for a task in the program's own folder of them.

    Raises
    ------
    ModelError
        If there is none, as in versions that come without, or it is damaged.
    """
    return read_head_model(_folder_of(task), task)


def shipped_head_model(task: HeadTask) -> HeadModel | None:
    """The same; None in versions that come without.

    Raises
    ------
    ModelError
        If it is damaged.
    """
    return head_model(task) if _folder_of(task).is_dir() else None


def _folder_of(task: HeadTask) -> Path:
    return Path(str(files("brainseg_gui.resources").joinpath("models", "heads", _FOLDERS[task])))


def read_head_model(folder: Path, task: HeadTask) -> HeadModel:
    """Read and validate a folder; the weights are found, not loaded.

    Raises
    ------
    ModelError
        If it is missing, damaged, or for another task.
    """
    file = folder / "model.json"
    try:
        content = read_json(file)
    except OSError as error:
        remedy = "Put its folder there; not every version of the program comes with one"
        raise ModelError(f"there is no network for the task “{task}”", remedy, folder) from error
    except ValueError as error:
        raise ModelError(f"it is not JSON ({visible(str(error), 200)})", _REMEDY, file) from error
    if not isinstance(content, dict):
        raise ModelError("it is not a JSON object", _REMEDY, file)
    model = HeadModel(folder, _parse(JsonFields(content, "the passport", file), task))
    if not model.weights_path.is_file():
        raise ModelError(f"the weights {model.passport.weights} are missing", _REMEDY, folder)
    return model


def _parse(fields: JsonFields, task: HeadTask) -> HeadPassport:
    if fields.whole("format") != FORMAT:
        raise fields.wrong(f"has another format than {FORMAT}", "Use a newer version of this program")
    if (found := fields.choice("task", TASKS)) != task:
        raise fields.wrong(f"is of a network for the task “{found}”, not “{task}”")
    inputs, outputs = fields.texts("inputs"), fields.texts("outputs")
    if inputs != INPUTS[task] or outputs != OUTPUTS[task]:
        raise fields.wrong(f"needs {', '.join(INPUTS[task])} for inputs and {', '.join(OUTPUTS[task])} for outputs")
    return HeadPassport(
        name=name_of(fields, "name"),
        version=name_of(fields, "version"),
        task=task,
        weights=weights_of(fields),
        sha256=sha256_of(fields),
        inputs=inputs,
        outputs=outputs,
        divisor=fields.whole("divisor", 1, 64),
        framework=framework_of(fields),
        licence=fields.text("licence"),
        trained_on=fields.text("trained_on"),
        results=fields.text("results"),
        intended_use=fields.text("intended_use"),
        features_of=fields.text("features_of") if task == "clicks" else "",
        mender_sha256=sha256_of(fields, "mender_sha256") if fields.has("mender_sha256") else "",
    )
