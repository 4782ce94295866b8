"""What a network in ONNX would compute, looked through before any of it is computed.

The runtime is never given the file: it gets a copy that is written here of what was checked (`written_anew`), with
its weights inside, so that it opens no file and meets no field that was not understood.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from brainseg_gui.inference.models.known_layers import MOST_GROWTH
from brainseg_gui.inference.models.onnx.graph import (
    Attribute,
    Graph,
    Node,
    Port,
    RefusedError,
    Shape,
    code_of,
    kind_of,
)
from brainseg_gui.inference.models.onnx.operator_call import Call, Tensor, UnknownSizeError
from brainseg_gui.inference.models.onnx.operators import MOST_VALUES, SHAPES, VALUES
from brainseg_gui.inference.models.onnx.wire import field, four_bytes
from brainseg_gui.plain_files import visible

OPSETS = (11, 24)
_LARGEST_IR = 13
_MOST_CHANNELS = 2048
_SPATIAL = frozenset({"AveragePool", "Conv", "ConvTranspose", "MaxPool"})
_LARGEST_FIXED_BYTES = 2**30  # of all that a runtime works out when it loads a network, beside its weights
_BYTES = 4
_DAMAGE = (ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError, ZeroDivisionError)


@dataclass(frozen=True)
class Sizes:
    """How large a network gets.

    Parameters
    ----------
    result
        Shape of what it gives.
    largest_bytes, largest_operator
        Of the largest tensor, and what makes it.
    """

    result: Shape
    largest_bytes: int
    largest_operator: str


def check_operators(graph: Graph) -> None:
    """Refuse a network that holds an operator which is not known here.

    Raises
    ------
    RefusedError
        Names the operator.
    """
    low, high = OPSETS
    if not low <= graph.opset <= high or not 1 <= graph.ir_version <= _LARGEST_IR:
        raise RefusedError(
            f"is of opset {graph.opset}, and {low} to {high} are known", "Export it with opset_version=17"
        )
    for node in graph.nodes:
        if node.operator not in SHAPES:
            raise RefusedError(
                f"holds the operator {visible(node.operator)}, which is not among those that are run here",
                "Export the network alone, without what comes before or after it, from plain layers",
            )


def sizes_of(graph: Graph, image: Shape, voxels: int) -> Sizes:
    """The size of every tensor that the network makes of an image of so many voxels, found without computing any.

    Raises
    ------
    RefusedError
        If a size does not follow from the image's, or is a giant beside it; names the operator.
    """
    known: dict[str, Tensor] = {name: _tensor_of(array) for name, array in graph.arrays.items()}
    known[graph.source.name] = Tensor(image)
    largest, fixed_bytes = Sizes((), 0, ""), 0
    for node in graph.nodes:
        for name, tensor in zip(node.outputs, _made(node, known), strict=False):
            if name in known and name:
                raise RefusedError("computes something twice, or of itself", "Copy the file again from its source")
            known[name] = tensor
            size = _BYTES * math.prod(tensor.shape)
            fixed_bytes += size if tensor.fixed else 0
            if size > largest.largest_bytes:
                largest = Sizes((), size, node.operator)
            _refuse_giants(node, tensor.shape, voxels, fixed_bytes)
    if graph.result.name not in known:
        raise RefusedError("never computes its result", "Copy the file again from its source")
    return Sizes(known[graph.result.name].shape, largest.largest_bytes, largest.largest_operator)


def _tensor_of(array: np.ndarray) -> Tensor:
    return Tensor(array.shape, array if array.size <= MOST_VALUES else None, True, array.dtype.str)


def _made(node: Node, known: Mapping[str, Tensor]) -> list[Tensor]:
    """What a node makes of what is known."""
    if missing := [name for name in node.inputs if name and name not in known]:
        raise RefusedError(f"computes with {visible(missing[0])}, which comes from nowhere before it",
                           "Copy the file again from its source")  # fmt: skip
    call = Call(node, tuple(known[name] if name else None for name in node.inputs))
    try:
        shapes = [tuple(int(n) for n in shape) for shape in SHAPES[node.operator](call)]
        if any(n < 0 for shape in shapes for n in shape):
            raise UnknownSizeError("it takes more than there is")
        fixed = all(tensor is None or tensor.fixed for tensor in call.inputs) or node.operator == "Shape"
        values = _values(call, shapes)
    except _DAMAGE as error:
        cause = error if isinstance(error, UnknownSizeError) else UnknownSizeError("its settings do not fit")
        what = f"makes something of unknown size by the operator {node.operator} ({visible(str(cause), 120)})"
        raise RefusedError(what, *filter(None, [cause.remedy])) from error
    return [Tensor(shape, values if n == 0 else None, fixed) for n, shape in enumerate(shapes)]


def _values(call: Call, shapes: list[Shape]) -> np.ndarray | None:
    operator = call.node.operator
    known = operator == "Shape" or all(tensor is not None and tensor.values is not None for tensor in call.inputs)
    if not known or math.prod(shapes[0]) > MOST_VALUES:
        return None
    if operator == "Cast":
        return call.numbers(0).astype(kind_of(call.setting("to", 0)))
    with np.errstate(all="ignore"):
        return VALUES[operator](call) if operator in VALUES else None


def _refuse_giants(node: Node, shape: Shape, voxels: int, fixed_bytes: int) -> None:
    # what slides over an image has its voxels behind the channels; of others nobody knows which axes are voxels
    made = math.prod(shape[2:]) if node.operator in _SPATIAL else math.prod(shape) // _MOST_CHANNELS
    if made > MOST_GROWTH * voxels:
        what = f"makes {made:,} voxels of {voxels:,} by the operator {node.operator}"
        raise RefusedError(what, "Use a network that does not enlarge its images")
    if fixed_bytes > _LARGEST_FIXED_BYTES:
        raise RefusedError(f"makes more than 1 GiB of nothing by the operator {node.operator}")


def written_anew(graph: Graph) -> bytes:
    """The network as a file that holds nothing but what was read."""
    parts = [field(1, _node(node)) for node in graph.nodes]
    parts.append(field(2, "network"))
    parts += [field(5, _array(name, array)) for name, array in graph.arrays.items()]
    parts += [field(11, _port(graph.source)), field(12, _port(graph.result))]
    return b"".join(
        (field(1, graph.ir_version), field(8, field(1, "") + field(2, graph.opset)), field(7, _joined(parts)))
    )


def _joined(parts: Iterable[bytes]) -> bytes:
    return b"".join(parts)


def _node(node: Node) -> bytes:
    names = [field(1, name) for name in node.inputs] + [field(2, name) for name in node.outputs]
    return _joined(
        (*names, field(4, node.operator), *(field(5, _attribute(*item)) for item in node.attributes.items()))
    )


def _attribute(name: str, value: Attribute) -> bytes:
    match value:
        case int():
            code, content = 2, field(3, value)
        case float():
            code, content = 1, four_bytes(2, np.array(value, "<f4").tobytes())
        case str():
            code, content = 3, field(4, value)
        case np.ndarray():
            code, content = 4, field(5, _array("", value))
        case _ if any(isinstance(n, float) for n in value):
            code, content = 6, field(7, np.array(value, "<f4").tobytes())
        case _:
            code, content = 7, _joined(field(8, int(n)) for n in value)
    return field(1, name) + field(20, code) + content


def _array(name: str, array: np.ndarray) -> bytes:
    about = [field(1, n) for n in array.shape]
    return _joined((*about, field(2, code_of(array)), field(8, name), field(9, array.tobytes())))


def _port(port: Port) -> bytes:
    axes = _joined(field(1, field(2, f"n{place}") if n is None else field(1, n)) for place, n in enumerate(port.shape))
    return field(1, port.name) + field(2, field(1, field(1, 1) + field(2, axes)))
