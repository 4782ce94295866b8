"""Reading a model's passport: every field is looked at, and what is not understood is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brainseg_gui.imaging.labels import regions
from brainseg_gui.inference.models import steps
from brainseg_gui.inference.models.ancestry import read_ancestry
from brainseg_gui.inference.models.dice_line import read_dice_lines
from brainseg_gui.inference.models.input_reading import (
    axes_of,
    divisor_of,
    may_be_missing_in,
    mirrored_of,
    modalities_of,
    orientation_of,
    patch_of,
    spacing_of,
    windows_of,
)
from brainseg_gui.inference.models.json_fields import JsonFields
from brainseg_gui.inference.models.network_files import (
    digests_of,
    file_beside,
    identity_of,
    networks_of,
    numbers_file_of,
    sha256_of,
)
from brainseg_gui.inference.models.output_reading import output_of
from brainseg_gui.inference.models.passport import Estimated, Finer, Incomplete, Passport
from brainseg_gui.inference.models.step_readers import read_post_step, read_step
from brainseg_gui.plain_files import tagless, visible

FORMAT = 1
TUMOUR = "tumour"
"""The task of a passport that names none; `head_model` has the others."""
_LONGEST_NAME = 100
_MOST_LIKELY = 0.5  # beyond it, tumour of the first network would be left without a tissue
_WIDEST_MARGIN_MM = 100.0
_MOST_ODDS = 100.0


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
    estimated = _estimated(fields)
    if estimated is not None:
        others |= dict(estimated.files.values())
    digests = digests_of(fields, networks) | others
    axes = axes_of(grid, in_onnx=networks[0].endswith(".onnx"))
    passport = Passport(
        name=name_of(fields, "name"),
        version=name_of(fields, "version"),
        weights=networks[0],
        sha256=identity_of(digests),
        modalities=modalities_of(grid),
        axes=f"{axes.replace('C', '')}C",
        orientation=orientation_of(grid),
        spacing_mm=spacing_of(grid),
        divisor=divisor_of(grid),
        patch=patch_of(grid, divisor_of(grid)),
        preprocess=tuple(read_step(part) for part in fields.parts("preprocess")),
        output=output_of(fields.part("output")),
        postprocess=tuple(read_post_step(part) for part in fields.parts("postprocess")),
        framework=framework_of(fields),
        licence=fields.text("licence"),
        trained_on=fields.text("trained_on"),
        results=fields.text("results"),
        intended_use=fields.text("intended_use"),
        may_be_missing=may_be_missing_in(grid),
        expected_dice=read_dice_lines(fields),
        digests=digests,
        ensemble=networks,
        channels_first=axes.startswith("C"),
        windows=windows_of(grid),
        mirrored=mirrored_of(grid),
        ancestry=read_ancestry(fields),
        finer=finer,
        incomplete=incomplete,
        estimated=estimated,
    )
    _check_order(passport, fields)
    return passport


def name_of(fields: JsonFields, key: str) -> str:
    """A name that stands in lists, sentences and reports."""
    name = tagless(fields.text(key))
    if len(name) > _LONGEST_NAME:
        raise fields.wrong(f"needs a text of at most {_LONGEST_NAME} letters for {key}")
    return name


def _finer(fields: JsonFields, networks: tuple[str, ...]) -> Finer | None:
    """The finer network: one file of Keras beside one of Keras that shares its input and its softmax output."""
    if not fields.has("finer"):
        return None
    part = fields.part("finer")
    part.only("weights", "sha256", "spacing_mm", "patch", "near", "from_probability", "margin_mm")
    weights, spacing = file_beside(part, networks), spacing_of(part)
    if spacing is None or not fields.part("input").has("spacing_mm"):
        raise part.wrong("needs spacing_mm, as input does")
    if fields.part("output").text("activation") != "softmax":
        raise part.wrong("needs a network with softmax")
    probability, margin_mm = part.number("from_probability"), part.number("margin_mm")
    if not 0 < probability <= _MOST_LIKELY:
        raise part.wrong(f"needs a number above 0, and of at most {_MOST_LIKELY:g}, for from_probability")
    if not 0 <= margin_mm <= _WIDEST_MARGIN_MM:
        raise part.wrong(f"needs a number from 0 to {_WIDEST_MARGIN_MM:g} for margin_mm")
    patch = patch_of(part, divisor_of(fields.part("input")))
    near = part.choice("near", [region.key for region in regions()])
    return Finer(weights, sha256_of(part), spacing, patch, near, probability, margin_mm)


def _estimated(fields: JsonFields) -> Estimated | None:
    """What estimates images that are missing: files of numbers, none of them twice."""
    if not fields.has("estimated"):
        return None
    part = fields.part("estimated")
    part.only("networks", "expected_dice", "mirrored")
    networks, optional = part.part("networks"), may_be_missing_in(fields.part("input"))
    known = {modality.value: modality for modality in optional}
    if unknown := sorted(set(networks.values) - set(known)):
        raise part.wrong(f"estimates {visible(unknown[0])}, of which input does not say that it may_be_missing")
    files = {known[name]: _numbers(networks.part(name)) for name in networks.values}
    if not files or len({name for name, _ in files.values()}) < len(files):
        raise part.wrong("needs a file of its own for each image")
    return Estimated(files, read_dice_lines(part), mirrored_of(part))


def _numbers(part: JsonFields) -> tuple[str, str]:
    part.only("weights", "sha256")
    return numbers_file_of(part), sha256_of(part)


def _incomplete(fields: JsonFields, networks: tuple[str, ...]) -> Incomplete | None:
    """The network for cases that lack a modality: as the finer one, on the grid of the first."""
    if not fields.has("incomplete"):
        return None
    part = fields.part("incomplete")
    part.only("weights", "sha256", "expected_dice", "tumour_odds")
    weights = file_beside(part, networks)
    if not fields.part("input").has("may_be_missing"):
        raise part.wrong("is of no use: input says nothing of what may_be_missing")
    if fields.has("finer") and fields.part("finer").text("weights") == weights:
        raise part.wrong("names the finer network")
    odds = part.number("tumour_odds") if part.has("tumour_odds") else 1.0
    if not 1 / _MOST_ODDS <= odds <= _MOST_ODDS:
        raise part.wrong(f"needs a number from {1 / _MOST_ODDS:g} to {_MOST_ODDS:g} for tumour_odds")
    return Incomplete(weights, sha256_of(part), read_dice_lines(part), odds)


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
