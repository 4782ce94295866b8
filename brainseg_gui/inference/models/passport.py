"""A model's passport (``model.json``): what the network expects and what its output means.

Everything that changes a voxel is in it, so that any network can be run by the same code. A field or a step that
this program does not know is refused: to skip it silently would feed the network something else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from brainseg_gui.imaging.labels import NETWORK_CLASSES
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.models import steps
from brainseg_gui.inference.models.dice_line import DiceLine, read_dice_lines
from brainseg_gui.inference.models.json_fields import JsonFields
from brainseg_gui.inference.models.step_readers import read_post_step, read_step
from brainseg_gui.plain_files import tagless, visible

FORMAT = 1
TUMOUR = "tumour"
"""The task of a passport that names none; `head_model` has the others."""
LARGEST_DIVISOR = 1024
LARGEST_PATCH = 2048
SPACING_MM = (0.1, 20.0)
_LONGEST_NAME = 100
AXES = ("IJKC", "IKJC", "JIKC", "JKIC", "KIJC", "KJIC")
LINEAR = "linear on the probabilities, then argmax"
LINEAR_IN_BRAIN = f"{LINEAR}, background outside the brain"


@dataclass(frozen=True)
class Output:
    """What the network gives.

    Parameters
    ----------
    activation
        Its last activation.
    channels
        Meaning of each channel: ``background``, ``NCR``, ``ED``, ``ET`` in any order.
    resample
        How probabilities return to the grid of the case.
    """

    activation: Literal["softmax"]
    channels: tuple[str, ...]
    resample: str

    @property
    def only_in_brain(self) -> bool:
        """Whether everything outside the brain is background."""
        return self.resample == LINEAR_IN_BRAIN

    @property
    def classes(self) -> tuple[int, ...]:
        """Network class (0 background, 1 NCR, 2 ED, 3 ET) of each channel."""
        return tuple(NETWORK_CLASSES.index(name) for name in self.channels)


@dataclass(frozen=True)
class Passport:
    """A validated passport.

    Parameters
    ----------
    name, version
        Of the model.
    weights, sha256
        File name of the weights in the model folder and their SHA-256.
    modalities
        Input channels, in order.
    axes
        Order of the network's axes, such as ``IJKC``; i, j, k are those of `orientation`.
    orientation
        Where i, j and k grow to, such as ``RAS`` (nibabel's axis codes).
    spacing_mm
        Grid on which the network sees the patient along i, j, k, or None for the study's own.
    divisor
        Each axis of the network's input is a multiple of it.
    patch
        Window that the network was trained on, in network axes, or None.
    preprocess, postprocess
        Steps in order.
    output
        What the network gives.
    framework
        Versions that wrote the weights.
    may_be_missing
        Modalities that a case may lack, and what that costs, in words ("WT about .02 lower"); at least one of all has
        to be there. Their channels are 0 then.
    expected_dice
        Per region (WT, TC, ET), what Dice a mask will probably have; empty where that was not measured.
    """

    name: str
    version: str
    weights: str
    sha256: str
    modalities: tuple[Modality, ...]
    axes: str
    orientation: str
    spacing_mm: steps.Triple | None
    divisor: int
    patch: steps.WholeTriple | None
    preprocess: tuple[steps.Step, ...]
    output: Output
    postprocess: tuple[steps.PostStep, ...]
    framework: Mapping[str, str]
    licence: str
    trained_on: str
    results: str
    intended_use: str
    may_be_missing: Mapping[Modality, str] = field(default_factory=dict)
    expected_dice: Mapping[str, DiceLine] = field(default_factory=dict)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Meaning of the network's input channels."""
        return tuple(modality.value for modality in self.modalities)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Meaning of its output channels."""
        return self.output.channels


def parse_passport(content: Mapping[str, Any], path: Path) -> Passport:
    """Validate the content of a ``model.json``.

    Raises
    ------
    ModelError
        If a field is missing, of the wrong type, or not understood; names the field.
    """
    fields = JsonFields(content, "the passport", path)
    # without a number it is of the first format: any later one has to say so
    if "format" in content and fields.whole("format") != FORMAT:
        raise fields.wrong(f"has format {content['format']}, not {FORMAT}", "Use a newer version of this program")
    if (task := fields.text("task", TUMOUR)) != TUMOUR:
        remedy = "Choose a model that segments tumours"
        raise fields.wrong(f"is of a network for the task “{visible(task, 60)}”, not “{TUMOUR}”", remedy)
    grid = fields.part("input")
    passport = Passport(
        name=name_of(fields, "name"),
        version=name_of(fields, "version"),
        weights=weights_of(fields),
        sha256=sha256_of(fields),
        modalities=_modalities(grid),
        axes=grid.choice("axes", AXES),
        orientation=_orientation(grid),
        spacing_mm=_spacing(grid),
        divisor=grid.whole("divisor", 1, LARGEST_DIVISOR),
        patch=_patch(grid),
        preprocess=tuple(read_step(part) for part in fields.parts("preprocess")),
        output=_output(fields.part("output")),
        postprocess=tuple(read_post_step(part) for part in fields.parts("postprocess")),
        framework=framework_of(fields),
        licence=fields.text("licence"),
        trained_on=fields.text("trained_on"),
        results=fields.text("results"),
        intended_use=fields.text("intended_use"),
        may_be_missing=_may_be_missing(grid),
        expected_dice=read_dice_lines(fields),
    )
    _check_order(passport, fields)
    return passport


def name_of(fields: JsonFields, key: str) -> str:
    """A name that stands in lists, sentences and reports."""
    name = tagless(fields.text(key))
    if len(name) > _LONGEST_NAME:
        raise fields.wrong(f"needs a text of at most {_LONGEST_NAME} letters for {key}")
    return name


def weights_of(fields: JsonFields) -> str:
    """Name of the weights' file in the folder of the passport."""
    name = fields.text("weights")
    if Path(name).name != name or Path(name).suffix not in (".keras", ".h5"):
        raise fields.wrong(f"names the weights {name!r}, which is no .keras or .h5 file of its folder")
    return name


def sha256_of(fields: JsonFields) -> str:
    """Digest of the weights."""
    digest = fields.text("sha256").lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise fields.wrong("needs 64 hexadecimal digits for sha256")
    return digest


def _modalities(grid: JsonFields) -> tuple[Modality, ...]:
    names = grid.texts("modalities")
    known = {modality.value: modality for modality in Modality}
    if not names or len(set(names)) != len(names) or not set(names) <= set(known):
        raise grid.wrong(f"needs different modalities out of {', '.join(known)} for modalities")
    return tuple(known[name] for name in names)


def _may_be_missing(grid: JsonFields) -> dict[Modality, str]:
    if not grid.has("may_be_missing"):
        return {}
    costs, known = grid.part("may_be_missing"), {modality.value: modality for modality in _modalities(grid)}
    if unknown := set(costs.values) - set(known):
        raise grid.wrong(f"lets {visible(min(unknown))} be missing, which is none of its modalities")
    return {known[name]: tagless(costs.text(name)) for name in costs.values}


def _orientation(grid: JsonFields) -> str:
    code = grid.text("orientation")
    pairs = [pair for letter in code for pair in ("RL", "AP", "SI") if letter in pair]
    if len(code) != 3 or len(set(pairs)) != 3:
        raise grid.wrong(f"gives {code!r} for orientation; it takes three letters such as RAS or LPS")
    return code


def _spacing(grid: JsonFields) -> steps.Triple | None:
    if not grid.has("spacing_mm"):
        return None
    spacing = grid.numbers("spacing_mm", 3)
    if min(spacing) <= 0:
        raise grid.wrong("needs positive numbers for spacing_mm")
    low, high = SPACING_MM
    if min(spacing) < low or max(spacing) > high:
        raise grid.wrong(f"needs numbers from {low:g} to {high:g} for spacing_mm")
    return cast(steps.Triple, spacing)


def _patch(grid: JsonFields) -> steps.WholeTriple | None:
    if not grid.has("patch"):
        return None
    patch = grid.wholes("patch", 3)
    if min(patch) < 1 or any(n % grid.whole("divisor", 1) for n in patch):
        raise grid.wrong("needs multiples of the divisor for patch")
    if max(patch) > LARGEST_PATCH:
        raise grid.wrong(f"needs numbers of at most {LARGEST_PATCH:,} for patch")
    return cast(steps.WholeTriple, patch)


def _output(output: JsonFields) -> Output:
    channels = output.texts("channels")
    if "background" not in channels or len(set(channels)) != len(channels):
        raise output.wrong("needs different channels, one of them background")
    if unknown := set(channels) - set(NETWORK_CLASSES):
        known = ", ".join(NETWORK_CLASSES)
        raise output.wrong(f"has a channel that this program does not know: {visible(min(unknown))}; known are {known}")
    output.choice("activation", ("softmax",))
    return Output("softmax", channels, output.choice("resample", (LINEAR_IN_BRAIN, LINEAR)))


def framework_of(fields: JsonFields) -> Mapping[str, str]:
    """Versions that wrote the weights."""
    part = fields.part("framework")
    return {key: part.text(key) for key in part.values}


def _check_order(passport: Passport, fields: JsonFields) -> None:
    """Crop comes first and pad last, each step at most once, and a spacing needs a resample step."""
    kinds = [type(step) for step in passport.preprocess]
    crops = [n for n, kind in enumerate(kinds) if kind in (steps.BrainCrop, steps.FixedCrop)]
    pads = [n for n, kind in enumerate(kinds) if kind is steps.Pad]
    if crops not in ([], [0]) or pads not in ([], [len(kinds) - 1]):
        raise fields.wrong("must crop once, as the first step, and pad once, as the last")
    if (steps.Resample in kinds) != (passport.spacing_mm is not None) or kinds.count(steps.Resample) > 1:
        raise fields.wrong("must hold one step resample if it gives a spacing_mm, and none if it does not")
    if steps.Resample in kinds and steps.ZScore in kinds[kinds.index(steps.Resample) :]:
        raise fields.wrong("must normalise over the brain before it resamples")
