"""The operators that a network in ONNX may hold: what shape each makes, and what it makes of a few numbers.

An operator that is not in `SHAPES` is refused. None of them runs a network within (`If`, `Loop`, `Scan`), reads a
file, or gives what depends on more than its inputs. Sizes that a network works out for itself (`Shape`, `Gather`,
`Concat` … `Reshape`) are worked out here too, by `VALUES`, so that the shape of everything is known before any memory
is taken. Definitions: https://onnx.ai/onnx/operators, opsets 11 to 24.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np

from brainseg_gui.inference.models.onnx.graph import Shape
from brainseg_gui.inference.models.onnx.layers import (
    convolution,
    einsum,
    gemm,
    global_pooling,
    pooling,
    product,
    transposed,
)
from brainseg_gui.inference.models.onnx.operator_call import Call, Numbers, UnknownSizeError, axis_of

MOST_VALUES = 4096
"""Numbers of a tensor that is worked out; sizes have eight at most, tables of places some hundred."""


def _same(call: Call) -> list[Shape]:
    return [call.shape()] * max(1, len(call.node.outputs))


def _broadcast(call: Call) -> list[Shape]:
    return [np.broadcast_shapes(*(tensor.shape for tensor in call.inputs if tensor is not None))]


def _reshape(call: Call) -> list[Shape]:
    given, wanted = call.shape(), [int(n) for n in call.numbers(1).ravel()]
    if not call.setting("allowzero", 0):
        wanted = [given[place] if n == 0 else n for place, n in enumerate(wanted)]
    if wanted.count(-1) == 1:
        rest = -math.prod(wanted)
        wanted[wanted.index(-1)] = math.prod(given) // rest if rest > 0 else 0
    if math.prod(wanted) != math.prod(given):
        raise UnknownSizeError("it gives another number of voxels another shape")
    return [tuple(wanted)]


def _transpose(call: Call) -> list[Shape]:
    given = call.shape()
    order = call.setting("perm", tuple(range(len(given)))[::-1])
    if sorted(order) != list(range(len(given))):
        raise UnknownSizeError("its order of axes is none")
    return [tuple(given[n] for n in order)]


def _flatten(call: Call) -> list[Shape]:
    given, axis = call.shape(), call.setting("axis", 1)
    return [(math.prod(given[:axis]), math.prod(given[axis:]))]


def _squeeze(call: Call) -> list[Shape]:
    given = call.shape()
    axes = call.wholes("axes", 1, [n for n, length in enumerate(given) if length == 1])
    gone = {axis_of(n, len(given)) for n in axes}
    return [tuple(length for n, length in enumerate(given) if n not in gone)]


def _unsqueeze(call: Call) -> list[Shape]:
    given, axes = list(call.shape()), call.wholes("axes", 1)
    rank = len(given) + len(axes)
    for axis in sorted(axis_of(n, rank) for n in axes):
        given.insert(axis, 1)
    return [tuple(given)]


def _concat(call: Call) -> list[Shape]:
    shapes = [call.shape(n) for n in range(len(call.inputs))]
    axis = axis_of(call.setting("axis", 0), len(shapes[0]))
    rests = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
    if len(rests) != 1:
        raise UnknownSizeError("it joins what does not fit; the divisor of the passport may be too small")
    return [(*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :])]


def _split(call: Call) -> list[Shape]:
    given, count = call.shape(), len(call.node.outputs)
    axis = axis_of(call.setting("axis", 0), len(given))
    each = -(-given[axis] // count)
    sizes = call.wholes("split", 1, [each] * (count - 1) + [given[axis] - each * (count - 1)])
    if sum(sizes) != given[axis] or len(sizes) != count:
        raise UnknownSizeError("its parts are not the whole")
    return [(*given[:axis], n, *given[axis + 1 :]) for n in sizes]


def slices_of(call: Call) -> tuple[slice, ...]:
    """The slices that ``Slice`` takes."""
    rank = len(call.shape())
    starts, ends = call.numbers(1).ravel(), call.numbers(2).ravel()
    axes = call.numbers(3).ravel() if call.has(3) else np.arange(len(starts))
    steps = call.numbers(4).ravel() if call.has(4) else np.ones(len(starts), np.int64)
    found = [slice(None)] * rank
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        # counted from the end, beyond the first one: Python would count from the end again
        stop = None if step < 0 and end < -(2**31) else int(end)
        found[axis_of(int(axis), rank)] = slice(int(start), stop, int(step))
    return tuple(found)


def _slice(call: Call) -> list[Shape]:
    taken = zip(call.shape(), slices_of(call), strict=True)
    return [tuple(len(range(n)[part]) for n, part in taken)]


def _gather(call: Call) -> list[Shape]:
    given = call.shape()
    axis = axis_of(call.setting("axis", 0), len(given))
    return [(*given[:axis], *call.shape(1), *given[axis + 1 :])]


def _gathered(call: Call) -> list[Shape]:
    given, places, before = call.shape(), call.shape(1), call.setting("batch_dims", 0)
    return [(*places[:-1], *given[before + places[-1] :])]


def _pad(call: Call) -> list[Shape]:
    given, pads = call.shape(), call.wholes("pads", 1)
    axes = [axis_of(int(n), len(given)) for n in call.numbers(3).ravel()] if call.has(3) else range(len(given))
    if len(pads) != 2 * len(axes):
        raise UnknownSizeError("its padding does not fit its axes")
    found = list(given)
    for axis, low, high in zip(axes, pads[: len(axes)], pads[len(axes) :], strict=True):
        found[axis] += low + high
    return [tuple(found)]


def _expand(call: Call) -> list[Shape]:
    return [np.broadcast_shapes(call.shape(), tuple(int(n) for n in call.numbers(1).ravel()))]


def _tile(call: Call) -> list[Shape]:
    return [tuple(n * int(times) for n, times in zip(call.shape(), call.numbers(1).ravel(), strict=True))]


def _filled(call: Call) -> list[Shape]:
    return [tuple(int(n) for n in call.numbers(0).ravel())]


def _resize(call: Call) -> list[Shape]:
    given = call.shape()
    places = [axis_of(n, len(given)) for n in call.setting("axes", tuple(range(len(given))))]
    found = list(given)
    if call.has(3):
        for place, length in zip(places, call.numbers(3).ravel(), strict=True):
            found[place] = int(length)
        return [tuple(found)]
    for place, scale in zip(places, call.numbers(2).ravel(), strict=True):
        if not 0 < scale < 2**20:
            raise UnknownSizeError("it enlarges by what is no number")
        found[place] = math.floor(found[place] * float(scale))
    return [tuple(found)]


def _reduced(call: Call) -> list[Shape]:
    given = call.shape()
    every = [] if call.setting("noop_with_empty_axes", 0) else range(len(given))
    gone = {axis_of(n, len(given)) for n in call.wholes("axes", 1, list(every))}
    keep = call.setting("keepdims", 1)
    return [tuple(1 if n in gone else length for n, length in enumerate(given) if keep or n not in gone)]


def _normalised(call: Call) -> list[Shape]:
    """The first output alone: training's further ones are not asked for."""
    return [call.shape()]


def _constant(call: Call) -> list[Shape]:
    return [_constant_value(call).shape]


def _constant_value(call: Call) -> Numbers:
    for name, kind in (("value", None), ("value_int", "<i8"), ("value_ints", "<i8"),
                       ("value_float", "<f4"), ("value_floats", "<f4")):  # fmt: skip
        if (value := call.setting(name)) is not None:
            return np.asarray(value, kind)
    raise UnknownSizeError("it is a constant without a value")


def _sized(call: Call) -> Numbers:
    return np.array(call.shape()[slice(call.setting("start", 0), call.setting("end"))], "<i8")


def _fill_value(call: Call) -> Numbers:
    value = np.asarray(call.setting("value", np.zeros(1, "<f4")))
    return np.full(_filled(call)[0], value.ravel()[0])


def _divided(call: Call) -> Numbers:
    one, other = call.numbers(0), call.numbers(1)
    if one.dtype.kind == "f":
        return cast(Numbers, one / other)
    return np.trunc(one / other).astype(one.dtype)  # towards 0, as C does


def _plain(function: Callable[..., Any]) -> Callable[[Call], Numbers]:
    return lambda call: np.asarray(function(*(call.numbers(n) for n in range(len(call.inputs)))))


def _shaped(call: Call) -> Numbers:
    return call.numbers(0).reshape(SHAPES[call.node.operator](call)[0])


SHAPES: Mapping[str, Callable[[Call], list[Shape]]] = {
    **dict.fromkeys(
        ("Abs", "Cast", "Ceil", "Clip", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity",
         "LeakyRelu", "Log", "LogSoftmax", "Mish", "Neg", "Not", "Reciprocal", "Relu", "Round", "ScatterND", "Selu",
         "Sigmoid", "Sign", "Softmax", "Softplus", "Softsign", "Sqrt", "Swish", "Tanh", "ThresholdedRelu", "Celu"),
        _same,
    ),
    **dict.fromkeys(
        ("Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Mean", "Min", "Mod",
         "Mul", "Or", "PRelu", "Pow", "Sub", "Sum", "Where"),
        _broadcast,
    ),
    **dict.fromkeys(
        ("ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"),
        _reduced,
    ),
    **dict.fromkeys(
        ("BatchNormalization", "Dropout", "GroupNormalization", "InstanceNormalization", "LayerNormalization",
         "LpNormalization", "RMSNormalization"),
        _normalised,
    ),
    "AveragePool": pooling, "Concat": _concat, "Constant": _constant, "ConstantOfShape": _filled, "Conv":
    convolution, "ConvTranspose": transposed, "Einsum": einsum, "Expand": _expand, "Flatten": _flatten, "Gather":
    _gather, "GatherND": _gathered, "Gemm": gemm, "GlobalAveragePool": global_pooling, "GlobalMaxPool":
    global_pooling, "MatMul": product, "MaxPool": pooling, "Pad": _pad, "Reshape": _reshape, "Resize": _resize,
    "Shape": lambda call: [_sized(call).shape], "Slice": _slice, "Split": _split, "Squeeze": _squeeze, "Tile":
    _tile, "Transpose": _transpose, "Unsqueeze": _unsqueeze,
}  # fmt: skip

VALUES: Mapping[str, Callable[[Call], Numbers]] = {
    "Add": _plain(np.add), "Sub": _plain(np.subtract), "Mul": _plain(np.multiply), "Div": _divided,
    "Floor": _plain(np.floor), "Ceil": _plain(np.ceil), "Identity": _plain(np.asarray), "Neg": _plain(np.negative),
    "Equal": _plain(np.equal), "Where": _plain(np.where), "Max": _plain(np.maximum), "Min": _plain(np.minimum),
    "Less": _plain(np.less), "Greater": _plain(np.greater), "Mod": _plain(np.mod), "Round": _plain(np.rint),
    "Not": _plain(np.logical_not), "Reshape": _shaped, "Squeeze": _shaped, "Unsqueeze": _shaped, "Flatten": _shaped,
    "Constant": _constant_value, "ConstantOfShape": _fill_value, "Shape": _sized,
    "Concat": lambda c: np.concatenate([c.numbers(n) for n in range(len(c.inputs))], c.setting("axis", 0)),
    "Gather": lambda c: np.asarray(np.take(c.numbers(0), c.numbers(1), c.setting("axis", 0))),
    "Slice": lambda c: c.numbers(0)[slices_of(c)],
    "Transpose": lambda c: c.numbers(0).transpose(c.setting("perm")),
    "Expand": lambda c: np.broadcast_to(c.numbers(0), _expand(c)[0]),
    "Tile": lambda c: np.tile(c.numbers(0), c.numbers(1)),
    "ReduceProd": lambda c: np.asarray(np.prod(c.numbers(0))).reshape(_reduced(c)[0]),
}  # fmt: skip
