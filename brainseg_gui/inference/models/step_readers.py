"""Reading the steps of a passport: one function per step, unknown steps and fields are refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, cast, get_args

from brainseg_gui.imaging.connected import Connectivity
from brainseg_gui.imaging.labels import NETWORK_CLASSES
from brainseg_gui.inference.models import steps
from brainseg_gui.inference.models.json_fields import JsonFields
from brainseg_gui.plain_files import visible

_LARGEST_SIGMA = 50.0  # voxels
_FILTER = re.compile(r"gaussian sigma (\d+(?:\.\d+)?) voxels? of the source grid")
_REGIONS = {"whole tumour": "WT", "tumour core": "TC", "enhancing tumour": "ET"}
_Reader = Callable[[JsonFields], Any]


def read_step(entry: JsonFields) -> steps.Step:
    """Read one step of the preprocessing."""
    step: steps.Step = _read(entry, _STEPS)
    return step


def read_post_step(entry: JsonFields) -> steps.PostStep:
    """Read one step that follows the network."""
    step: steps.PostStep = _read(entry, _POST_STEPS)
    return step


def _read(entry: JsonFields, readers: Mapping[str, _Reader]) -> Any:
    name = entry.text("step")
    if name not in readers:
        known = ", ".join(readers)
        raise entry.wrong(f"is a step that this program does not know: {visible(name)}; known are {known}")
    return readers[name](JsonFields(entry.values, f"the passport's step {name}", entry.path))


def _crop(step: JsonFields) -> steps.Step:
    if step.choice("to", ("brain box", "fixed")) == "fixed":
        step.only("step", "to", "start", "end")
        start, end = step.wholes("start", 3), step.wholes("end", 3)
        return steps.FixedCrop(cast(steps.WholeTriple, start), cast(steps.WholeTriple, end))
    step.only("step", "to", "brain", "margin_voxels")
    rule = cast(steps.BrainRule, step.choice("brain", get_args(steps.BrainRule)))
    return steps.BrainCrop(step.whole("margin_voxels"), rule)


def _zscore(step: JsonFields) -> steps.Step:
    step.only("step", "over", "outside", "clip")
    over = cast(steps.Over, step.choice("over", get_args(steps.Over)))
    clip = cast(tuple[float, float], step.numbers("clip", 2)) if step.has("clip") else None
    return steps.ZScore(step.number("outside"), clip, over)


def _percentiles(step: JsonFields) -> steps.Step:
    step.only("step", "over", "low", "high", "clip")
    low, high = step.number("low"), step.number("high")
    if not 0 <= low < high <= 100:
        raise step.wrong("needs 0 <= low < high <= 100")
    over = cast(steps.Over, step.choice("over", get_args(steps.Over)))
    return steps.Percentiles(low, high, step.truth("clip"), over)


def _range(step: JsonFields) -> steps.Step:
    step.only("step", "clip", "subtract", "divide")
    low, high = step.numbers("clip", 2)
    if not low < high or step.number("divide") <= 0:
        raise step.wrong("needs a clip that grows, and a positive number for divide")
    return steps.Range((low, high), step.number("subtract"), step.number("divide"))


def _minmax(step: JsonFields) -> steps.Step:
    step.only("step", "over", "decimals")
    step.choice("over", ("crop",))
    return steps.MinMax(step.whole("decimals", 0, 15) if step.has("decimals") else None)


def _gaussian(step: JsonFields) -> steps.Step:
    step.only("step", "sigma_voxels")
    sigma = step.numbers("sigma_voxels", 3)
    if min(sigma) < 0:
        raise step.wrong("needs numbers of at least 0 for sigma_voxels")
    if max(sigma) > _LARGEST_SIGMA:
        raise step.wrong(f"needs numbers of at most {_LARGEST_SIGMA:g} for sigma_voxels")
    return steps.Gaussian(cast(steps.Triple, sigma))


def _laplacian(step: JsonFields) -> steps.Step:
    step.only("step", "weight")
    return steps.Laplacian(step.number("weight"))


def _resample(step: JsonFields) -> steps.Step:
    step.only("step", "filter", "interpolation")
    step.choice("interpolation", ("linear",))
    text = step.text("filter")
    match = _FILTER.fullmatch(text)
    if text != "none" and match is None:
        raise step.wrong(
            f"gives {visible(text)!r} for filter; known is 'gaussian sigma S voxel of the source grid' or 'none'"
        )
    sigma = float(match[1]) if match else 0.0
    if sigma > _LARGEST_SIGMA:
        raise step.wrong(f"needs a sigma of at most {_LARGEST_SIGMA:g} for filter")
    return steps.Resample(sigma)


def _pad(step: JsonFields) -> steps.Step:
    step.only("step", "to", "value", "side")
    step.choice("to", ("divisor",))
    side = step.choice("side", ("end", "both"))
    return steps.Pad(step.number("value"), cast(Literal["end", "both"], side))


def _components(step: JsonFields) -> steps.PostStep:
    size, unit = _size(step, "keep_at_least")
    step.only("step", "of", "connectivity", f"keep_at_least_{unit}", "or_fraction_of_largest")
    step.choice("of", ("whole tumour",))
    return steps.Components(_connectivity(step), size, step.number("or_fraction_of_largest"), unit)


def _small_region(step: JsonFields) -> steps.PostStep:
    size, unit = _size(step, "below")
    step.only("step", "label", f"below_{unit}", "becomes")
    label = NETWORK_CLASSES.index(step.choice("label", NETWORK_CLASSES[1:]))
    becomes = NETWORK_CLASSES.index(step.choice("becomes", NETWORK_CLASSES))
    return steps.SmallRegion(label, size, becomes, unit)


def _weak_components(step: JsonFields) -> steps.PostStep:
    step.only("step", "of", "connectivity", "below_ml", "below_mean_probability", "becomes")
    region = cast(Literal["WT", "TC", "ET"], _REGIONS[step.choice("of", tuple(_REGIONS))])
    size, probability = step.number("below_ml"), step.number("below_mean_probability")
    if size < 0 or not 0 <= probability <= 1:
        raise step.wrong("needs a below_ml of at least 0 and a below_mean_probability from 0 to 1")
    becomes = NETWORK_CLASSES.index(step.choice("becomes", NETWORK_CLASSES))
    return steps.WeakComponents(region, _connectivity(step), size, probability, becomes)


def _far_core(step: JsonFields) -> steps.PostStep:
    step.only("step", "beyond_mm", "gap_mm", "where_enhancing_ml", "becomes")
    beyond, gap, enhancing = (step.number(name) for name in ("beyond_mm", "gap_mm", "where_enhancing_ml"))
    if min(beyond, gap, enhancing) < 0:
        raise step.wrong("needs a beyond_mm, a gap_mm and a where_enhancing_ml of at least 0")
    return steps.FarCore(beyond, gap, enhancing, NETWORK_CLASSES.index(step.choice("becomes", NETWORK_CLASSES)))


def _size(step: JsonFields, name: str) -> tuple[float, steps.SizeUnit]:
    """A size in voxels of the case's grid (a whole number), or in ml."""
    if step.has(f"{name}_ml"):
        size = step.number(f"{name}_ml")
        if size < 0:
            raise step.wrong(f"needs a {name}_ml of at least 0")
        return size, "ml"
    return step.whole(f"{name}_voxels"), "voxels"


def _connectivity(step: JsonFields) -> Connectivity:
    connectivity = step.whole("connectivity")
    if connectivity not in (6, 18, 26):
        raise step.wrong("needs 6, 18 or 26 for connectivity")
    return cast(Connectivity, connectivity)


_STEPS: Mapping[str, _Reader] = {
    "crop": _crop,
    "zscore": _zscore,
    "minmax": _minmax,
    "percentiles": _percentiles,
    "range": _range,
    "gaussian": _gaussian,
    "laplacian": _laplacian,
    "resample": _resample,
    "pad": _pad,
}
_POST_STEPS: Mapping[str, _Reader] = {
    "components": _components,
    "small region": _small_region,
    "weak components": _weak_components,
    "far core": _far_core,
}
