"""What a passport says of the input of its network: modalities, axes, voxels, and windows that slide over it."""

from __future__ import annotations

from typing import cast, get_args

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.models import steps
from brainseg_gui.inference.models.json_fields import JsonFields
from brainseg_gui.plain_files import tagless, visible

_LARGEST_DIVISOR = 1024
_LARGEST_PATCH = 2048
_SPACING_MM = (0.1, 20.0)
_AXES = ("IJKC", "IKJC", "JIKC", "JKIC", "KIJC", "KJIC")
_FIRST_OR_LAST = (*_AXES, *(f"C{letters[:3]}" for letters in _AXES))  # where the channels stand
_MOST_OVERLAP = 0.9


def axes_of(grid: JsonFields, *, in_onnx: bool) -> str:
    """The order of its axes and where the channels stand among them: last, or in ONNX first."""
    return grid.choice("axes", _FIRST_OR_LAST if in_onnx else _AXES)


def divisor_of(grid: JsonFields) -> int:
    """What the edges of its input are multiples of, in voxels."""
    return grid.whole("divisor", 1, _LARGEST_DIVISOR)


def modalities_of(grid: JsonFields) -> tuple[Modality, ...]:
    """The modalities that it takes, in the order of its channels."""
    names = grid.texts("modalities")
    known = {modality.value: modality for modality in Modality}
    if unknown := [name for name in names if name not in known]:
        raise grid.wrong(f"gives {visible(unknown[0])!r} as one of the modalities; known are {', '.join(known)}")
    if not names or len(set(names)) != len(names):
        raise grid.wrong("needs modalities, each of them once")
    return tuple(known[name] for name in names)


def may_be_missing_in(grid: JsonFields) -> dict[Modality, str]:
    """What it does without, and what that costs, in words."""
    if not grid.has("may_be_missing"):
        return {}
    costs, known = grid.part("may_be_missing"), {modality.value: modality for modality in modalities_of(grid)}
    if unknown := set(costs.values) - set(known):
        raise grid.wrong(f"lets {visible(min(unknown))} be missing, which is none of its modalities")
    return {known[name]: tagless(costs.text(name)) for name in costs.values}


def orientation_of(grid: JsonFields) -> str:
    """Where its axes lead, such as RAS."""
    code = grid.text("orientation")
    pairs = [pair for letter in code for pair in ("RL", "AP", "SI") if letter in pair]
    if len(code) != 3 or len(set(pairs)) != 3:
        raise grid.wrong(f"gives {code!r} for orientation; it takes three letters such as RAS or LPS")
    return code


def spacing_of(grid: JsonFields) -> steps.Triple | None:
    """The voxels in mm that it works on; None for those of the case."""
    if not grid.has("spacing_mm"):
        return None
    spacing = grid.numbers("spacing_mm", 3)
    if min(spacing) <= 0:
        raise grid.wrong("needs positive numbers for spacing_mm")
    low, high = _SPACING_MM
    if min(spacing) < low or max(spacing) > high:
        raise grid.wrong(f"needs numbers from {low:g} to {high:g} for spacing_mm")
    return cast(steps.Triple, spacing)


def patch_of(grid: JsonFields, divisor: int) -> steps.WholeTriple | None:
    """How much it sees at once, in voxels; None for the whole case."""
    if not grid.has("patch"):
        return None
    patch = grid.wholes("patch", 3)
    if min(patch) < 1 or any(n % divisor for n in patch):
        raise grid.wrong("needs multiples of the divisor for patch")
    if max(patch) > _LARGEST_PATCH:
        raise grid.wrong(f"needs numbers of at most {_LARGEST_PATCH:,} for patch")
    return cast(steps.WholeTriple, patch)


def windows_of(grid: JsonFields) -> steps.Windows | None:
    """How windows slide over a case that is larger than a patch."""
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


def mirrored_of(grid: JsonFields) -> str:
    """The axes along which answers about mirror images are averaged."""
    if not grid.has("mirrored"):
        return ""
    letters = grid.texts("mirrored")
    if len(set(letters)) != len(letters) or not set(letters) <= set("IJK"):
        raise grid.wrong("needs different axes out of I, J, K for mirrored")
    return "".join(letters)
