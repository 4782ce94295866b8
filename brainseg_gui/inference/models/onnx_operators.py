"""The operators that a network in ONNX may hold: what shape each makes, and what it makes of a few numbers.

An operator that is not in `SHAPES` is refused. None of them runs a network within (`If`, `Loop`, `Scan`), reads a
file, or gives what depends on more than its inputs. Sizes that a network works out for itself (`Shape`, `Gather`,
`Concat` … `Reshape`) are worked out here too, by `VALUES`, so that the shape of everything is known before any memory
is taken. Definitions: https://onnx.ai/onnx/operators, opsets 11 to 24.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.inference.models.onnx_graph import Node, Shape

MOST_VALUES = 4096
"""Numbers of a tensor that is worked out; sizes have eight at most, tables of places some hundred."""
Numbers = NDArray[Any]


class UnknownSizeError(ValueError):
    """The shape of a tensor does not follow from the shapes before it."""


@dataclass(frozen=True)
class Tensor:
    """What is known of a tensor.

    Parameters
    ----------
    shape
        Its shape.
    values
        Its numbers, where they are few and do not depend on the image.
    fixed
        Whether it does not depend on the image: a runtime works it out when it loads the network.
    kind
        Of its numbers, such as ``<f4``.
    """

    shape: Shape
    values: Numbers | None = None
    fixed: bool = False
    kind: str = "<f4"


@dataclass(frozen=True)
class Call:
    """An operator with what it is given."""

    node: Node
    inputs: tuple[Tensor | None, ...]

    def tensor(self, place: int) -> Tensor:
        """An input that has to be there."""
        found = self.inputs[place] if place < len(self.inputs) else None
        if found is None:
            raise UnknownSizeError("an input is missing")
        return found

    def shape(self, place: int = 0) -> Shape:
        """Shape of an input."""
        return self.tensor(place).shape

    def has(self, place: int) -> bool:
        """Whether an input is there."""
        return place < len(self.inputs) and self.inputs[place] is not None

    def numbers(self, place: int) -> Numbers:
        """The numbers of an input, which have to be known."""
        values = self.tensor(place).values
        if values is None:
            raise UnknownSizeError("a size depends on the image's intensities")
        return values

    def setting(self, name: str, default: Any = None) -> Any:
        """An attribute."""
        return self.node.attributes.get(name, default)

    def wholes(self, name: str, place: int, default: Sequence[int] | None = None) -> tuple[int, ...]:
        """Whole numbers that are an attribute in older opsets and an input in newer ones."""
        if name in self.node.attributes:
            return tuple(self.setting(name))
        if self.has(place):
            return tuple(int(n) for n in self.numbers(place).ravel())
        if default is None:
            raise UnknownSizeError(f"it does not say {name}")
        return tuple(default)


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from the front."""
    if not -rank <= axis < max(rank, 1):
        raise UnknownSizeError(f"there is no axis {axis}")
    return axis % rank if rank else 0


def _same(call: Call) -> list[Shape]:
    return [call.shape()] * max(1, len(call.node.outputs))


def _broadcast(call: Call) -> list[Shape]:
    return [np.broadcast_shapes(*(tensor.shape for tensor in call.inputs if tensor is not None))]


def _convolution(call: Call) -> list[Shape]:
    image, kernel = call.shape(), call.shape(1)
    _same_rank(image, kernel)
    if image[1] != kernel[1] * call.setting("group", 1):
        raise UnknownSizeError("its weights do not fit its channels")
    return [(image[0], kernel[0], *_slid(call, image[2:], kernel[2:]))]


def _pooling(call: Call) -> list[Shape]:
    image = call.shape()
    return [(*image[:2], *_slid(call, image[2:], call.setting("kernel_shape", ())))]


def _slid(call: Call, lengths: Shape, kernel: Sequence[int]) -> list[int]:
    """What a kernel makes of each axis."""
    axes = len(lengths)
    strides, dilations, pads = _steps(call, axes)
    _same_rank(lengths, kernel)
    if call.setting("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER"):
        return [-(-n // s) for n, s in zip(lengths, strides, strict=True)]
    found = []
    for n, k, s, d, low, high in zip(lengths, kernel, strides, dilations, pads[:axes], pads[axes:], strict=True):
        room = n + low + high - (d * (k - 1) + 1)
        count = -(-room // s) if call.setting("ceil_mode", 0) else room // s
        found.append(count + 1)
    return found


def _steps(call: Call, axes: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    strides = tuple(call.setting("strides", (1,) * axes))
    dilations = tuple(call.setting("dilations", (1,) * axes))
    pads = tuple(call.setting("pads", (0,) * 2 * axes))
    if len(strides) != axes or len(dilations) != axes or len(pads) != 2 * axes or min(strides + dilations) < 1:
        raise UnknownSizeError("its settings do not fit its axes")
    return strides, dilations, pads


def _transposed(call: Call) -> list[Shape]:
    image, kernel = call.shape(), call.shape(1)
    _same_rank(image, kernel)
    axes = len(image) - 2
    strides, dilations, pads = _steps(call, axes)
    channels = kernel[1] * call.setting("group", 1)
    if "output_shape" in call.node.attributes:
        return [(image[0], channels, *call.setting("output_shape")[-axes:])]
    if call.setting("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER"):
        return [(image[0], channels, *(n * s for n, s in zip(image[2:], strides, strict=True)))]
    extra = call.setting("output_padding", (0,) * axes)
    found = [
        s * (n - 1) + e + d * (k - 1) + 1 - low - high
        for n, k, s, d, e, low, high in zip(
            image[2:], kernel[2:], strides, dilations, extra, pads[:axes], pads[axes:], strict=True
        )
    ]
    return [(image[0], channels, *found)]


def _same_rank(one: Sequence[int], other: Sequence[int]) -> None:
    if len(one) != len(other):
        raise UnknownSizeError("its kernel does not fit its axes")


def _global_pooling(call: Call) -> list[Shape]:
    return [(*call.shape()[:2], *(1 for _ in call.shape()[2:]))]


def _product(call: Call) -> list[Shape]:
    one, other = call.shape(), call.shape(1)
    if len(one) < 2 or len(other) < 2 or one[-1] != other[-2]:
        raise UnknownSizeError("its matrices do not fit")
    return [(*np.broadcast_shapes(one[:-2], other[:-2]), one[-2], other[-1])]


def _gemm(call: Call) -> list[Shape]:
    one, other = call.shape(), call.shape(1)
    if call.setting("transA", 0):
        one = one[::-1]
    if call.setting("transB", 0):
        other = other[::-1]
    return [(one[0], other[-1])]


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


def _einsum(call: Call) -> list[Shape]:
    left, arrow, right = str(call.setting("equation", "")).replace(" ", "").partition("->")
    if not arrow or "." in left:
        raise UnknownSizeError("its equation does not name its axes")
    lengths: dict[str, int] = {}
    for place, letters in enumerate(left.split(",")):
        lengths |= dict(zip(letters, call.shape(place), strict=True))
    return [tuple(lengths[letter] for letter in right)]


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
    "AveragePool": _pooling, "Concat": _concat, "Constant": _constant, "ConstantOfShape": _filled, "Conv":
    _convolution, "ConvTranspose": _transposed, "Einsum": _einsum, "Expand": _expand, "Flatten": _flatten, "Gather":
    _gather, "GatherND": _gathered, "Gemm": _gemm, "GlobalAveragePool": _global_pooling, "GlobalMaxPool":
    _global_pooling, "MatMul": _product, "MaxPool": _pooling, "Pad": _pad, "Reshape": _reshape, "Resize": _resize,
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
