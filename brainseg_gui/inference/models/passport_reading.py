"""Reading a model's passport: every field is looked at, and what is not understood is refused by name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast, get_args

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.labelling.known_schemes import network_numbering, scheme_named
from brainseg_gui.imaging.labels import TISSUES, regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.models import steps
from brainseg_gui.inference.models.ancestry import read_ancestry
from brainseg_gui.inference.models.dice_line import read_dice_lines
from brainseg_gui.inference.models.json_fields import JsonFields
from brainseg_gui.inference.models.passport import LINEAR, LINEAR_IN_BRAIN, Finer, Incomplete, Output, Passport
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
_FIRST_OR_LAST = (*AXES, *(f"C{letters[:3]}" for letters in AXES))  # where the channels stand
_KERAS = (".keras", ".h5")
_SUFFIXES = (*_KERAS, ".onnx")
_MOST_NETWORKS = 10  # of an ensemble
_MOST_OVERLAP = 0.9
_MOST_LIKELY = 0.5  # beyond it, tumour of the first network would be left without a tissue
_WIDEST_MARGIN_MM = 100.0


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
    grid, networks = fields.part("input"), networks_of(fields)
    finer, incomplete = _finer(fields, networks), _incomplete(fields, networks)
    others = {other.weights: other.sha256 for other in (finer, incomplete) if other is not None}
    digests = digests_of(fields, networks) | others
    axes = grid.choice("axes", _FIRST_OR_LAST if networks[0].endswith(".onnx") else AXES)
    passport = Passport(
        name=name_of(fields, "name"),
        version=name_of(fields, "version"),
        weights=networks[0],
        sha256=identity_of(digests),
        modalities=_modalities(grid),
        axes=f"{axes.replace('C', '')}C",
        orientation=_orientation(grid),
        spacing_mm=_spacing(grid),
        divisor=grid.whole("divisor", 1, LARGEST_DIVISOR),
        patch=_patch(grid, grid.whole("divisor", 1, LARGEST_DIVISOR)),
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
        digests=digests,
        ensemble=networks,
        channels_first=axes.startswith("C"),
        windows=_windows(grid),
        mirrored=_mirrored(grid),
        ancestry=read_ancestry(fields),
        finer=finer,
        incomplete=incomplete,
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
    return _checked_name(fields, fields.text("weights"), _KERAS)


def networks_of(fields: JsonFields) -> tuple[str, ...]:
    """Names of the weights' files: one, or those of an ensemble."""
    if not isinstance(fields.values.get("weights"), list):
        return (_checked_name(fields, fields.text("weights"), _SUFFIXES),)
    names = fields.texts("weights")
    if not 1 <= len(set(names)) == len(names) <= _MOST_NETWORKS:
        raise fields.wrong(f"needs one to {_MOST_NETWORKS} different files for weights")
    if len({Path(_checked_name(fields, name, _SUFFIXES)).suffix for name in names}) > 1 or not names[0].endswith(
        ".onnx"
    ):
        raise fields.wrong("names several weights, which all have to be .onnx files")
    return names


def _checked_name(fields: JsonFields, name: str, suffixes: Sequence[str]) -> str:
    if Path(name).name != name or Path(name).suffix not in suffixes:
        kinds = f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"
        raise fields.wrong(f"names the weights {name!r}, which is no {kinds} file of its folder")
    return name


def sha256_of(fields: JsonFields, key: str = "sha256") -> str:
    """Digest of the weights."""
    digest = fields.text(key).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise fields.wrong(f"needs 64 hexadecimal digits for {key}")
    return digest


def digests_of(fields: JsonFields, networks: tuple[str, ...]) -> dict[str, str]:
    """Digest of every file: a text for the only one, else an object by name."""
    if not isinstance(fields.values.get("sha256"), dict) and len(networks) == 1:
        return {networks[0]: sha256_of(fields)}
    part = fields.part("sha256")
    if strange := [name for name in part.values if not name or Path(name).name != name or not name.isprintable()]:
        raise fields.wrong(f"names the file {visible(strange[0])!r}, which is none of its folder")
    if missing := [name for name in networks if name not in part.values]:
        raise fields.wrong(f"gives no sha256 for {missing[0]}")
    return {name: sha256_of(part, name) for name in part.values}


def identity_of(digests: Mapping[str, str]) -> str:
    """The digest of the only file, or of what the digests of several say."""
    if len(digests) == 1:
        return next(iter(digests.values()))
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))  # as sha256sum prints them
    return hashlib.sha256(lines.encode()).hexdigest()


def _modalities(grid: JsonFields) -> tuple[Modality, ...]:
    names = grid.texts("modalities")
    known = {modality.value: modality for modality in Modality}
    if unknown := [name for name in names if name not in known]:
        raise grid.wrong(f"gives {visible(unknown[0])!r} as one of the modalities; known are {', '.join(known)}")
    if not names or len(set(names)) != len(names):
        raise grid.wrong("needs modalities, each of them once")
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


def _finer(fields: JsonFields, networks: tuple[str, ...]) -> Finer | None:
    """The finer network: one file of Keras beside one of Keras that shares its input and its softmax output."""
    if not fields.has("finer"):
        return None
    part = fields.part("finer")
    part.only("weights", "sha256", "spacing_mm", "patch", "near", "from_probability", "margin_mm")
    weights, spacing = _beside(part, networks), _spacing(part)
    if spacing is None or not fields.part("input").has("spacing_mm"):
        raise part.wrong("needs spacing_mm, as input does")
    if fields.part("output").text("activation") != "softmax":
        raise part.wrong("needs a network with softmax")
    probability, margin_mm = part.number("from_probability"), part.number("margin_mm")
    if not 0 < probability <= _MOST_LIKELY:
        raise part.wrong(f"needs a number above 0, and of at most {_MOST_LIKELY:g}, for from_probability")
    if not 0 <= margin_mm <= _WIDEST_MARGIN_MM:
        raise part.wrong(f"needs a number from 0 to {_WIDEST_MARGIN_MM:g} for margin_mm")
    patch = _patch(part, fields.part("input").whole("divisor", 1, LARGEST_DIVISOR))
    near = part.choice("near", [region.key for region in regions()])
    return Finer(weights, sha256_of(part), spacing, patch, near, probability, margin_mm)


def _incomplete(fields: JsonFields, networks: tuple[str, ...]) -> Incomplete | None:
    """The network for cases that lack a modality: as the finer one, on the grid of the first."""
    if not fields.has("incomplete"):
        return None
    part = fields.part("incomplete")
    part.only("weights", "sha256", "expected_dice")
    weights = _beside(part, networks)
    if not fields.part("input").has("may_be_missing"):
        raise part.wrong("is of no use: input says nothing of what may_be_missing")
    if fields.has("finer") and fields.part("finer").text("weights") == weights:
        raise part.wrong("names the finer network")
    return Incomplete(weights, sha256_of(part), read_dice_lines(part))


def _beside(part: JsonFields, networks: tuple[str, ...]) -> str:
    """The file of another network of Keras beside the only one of a model."""
    weights = weights_of(part)
    if len(networks) > 1 or Path(networks[0]).suffix not in _KERAS or weights in networks:
        raise part.wrong(f"needs one network of its own beside one of {' or '.join(_KERAS)}")
    return weights


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


def _patch(grid: JsonFields, divisor: int) -> steps.WholeTriple | None:
    if not grid.has("patch"):
        return None
    patch = grid.wholes("patch", 3)
    if min(patch) < 1 or any(n % divisor for n in patch):
        raise grid.wrong("needs multiples of the divisor for patch")
    if max(patch) > LARGEST_PATCH:
        raise grid.wrong(f"needs numbers of at most {LARGEST_PATCH:,} for patch")
    return cast(steps.WholeTriple, patch)


def _windows(grid: JsonFields) -> steps.Windows | None:
    if not grid.has("windows"):
        return None
    part = grid.part("windows")
    part.only("like", "overlap")
    like = cast(steps.WindowsLike, part.choice("like", get_args(steps.WindowsLike)))
    if not 0 <= (overlap := part.number("overlap")) <= _MOST_OVERLAP:
        raise part.wrong(f"needs a number from 0 to {_MOST_OVERLAP:g} for overlap")
    if not grid.has("patch"):
        raise part.wrong("slides windows of no size", "Add patch to input in model.json")
    return steps.Windows(like, overlap)


def _mirrored(grid: JsonFields) -> str:
    if not grid.has("mirrored"):
        return ""
    letters = grid.texts("mirrored")
    if len(set(letters)) != len(letters) or not set(letters) <= set("IJK"):
        raise grid.wrong("needs different axes out of I, J, K for mirrored")
    return "".join(letters)


def _output(output: JsonFields) -> Output:
    output.only("activation", "channels", "becomes", "resample", "is")
    activation = cast(Literal["softmax", "sigmoid"], output.choice("activation", ("softmax", "sigmoid")))
    channels, softmax = output.texts("channels"), activation == "softmax"
    if not channels or len(set(channels)) != len(channels) or ("background" in channels) != softmax:
        which = "one of them background" if softmax else "none of them background"
        raise output.wrong(f"needs different channels, {which}")
    known = TISSUES if softmax else ("TC", *TISSUES[1:])
    if unknown := set(channels) - set(known):
        names = ", ".join(known)
        raise output.wrong(f"has a channel that this program does not know: {visible(min(unknown))}; known are {names}")
    is_logits = output.has("is") and output.choice("is", ("probabilities", "logits")) == "logits"
    resample = output.choice("resample", (LINEAR_IN_BRAIN, LINEAR))
    found = Output(activation, channels, resample, is_logits, () if softmax else _becomes(output, channels))
    try:
        network_numbering(scheme_named("brats2020"), found.tissues)
    except BrainsegError as error:
        raise output.wrong(f"names channels that {error.what}", error.remedy) from error
    return found


def _becomes(output: JsonFields, channels: tuple[str, ...]) -> tuple[str, ...]:
    """The tissue of each region less the regions within it."""
    if not output.has("becomes"):
        usual = {"WT": "ED" if len(channels) > 1 else "WT", "TC": "NCR"}
        return tuple(usual.get(name, name) for name in channels)
    tissues = output.texts("becomes")
    if len(tissues) != len(channels) or not set(tissues) <= set(TISSUES[1:]):
        raise output.wrong(f"needs one of {', '.join(TISSUES[1:])} for each channel in becomes")
    return tissues


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
    after = passport.preprocess[kinds.index(steps.Resample) :] if steps.Resample in kinds else ()
    if any(isinstance(step, (steps.ZScore, steps.Percentiles)) and step.over == "brain" for step in after):
        raise fields.wrong("must normalise over the brain before it resamples")
