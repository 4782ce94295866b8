"""A network in the Open Neural Network Exchange format (https://onnx.ai, `onnx.proto3`), as values.

Only what computes is read: nodes with plain attributes, and arrays of numbers that the file holds or that lie in the
files which the passport names. Names, descriptions and hints are left where they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.inference.models.onnx.wire import DamagedWireError, WireMessage, WireReader
from brainseg_gui.plain_files import visible

_KINDS: Mapping[int, str] = {1: "<f4", 2: "u1", 3: "i1", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8"}
_CODES = {np.dtype(kind): code for code, kind in _KINDS.items()}
_FLOAT_DATA, _INT32_DATA, _INT64_DATA, _RAW_DATA, _DOUBLE_DATA = 4, 5, 7, 9, 10
_EXTERNAL = 1
_MOST_NODES = 20_000
_MOST_AXES = 8
_LONGEST_AXIS = 2**31

Attribute = int | float | str | tuple[int, ...] | tuple[float, ...] | NDArray[np.generic]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Node:
    """One operation.

    Parameters
    ----------
    operator
        Such as ``Conv``.
    inputs, outputs
        Names of tensors; an input that is left out is the empty name.
    attributes
        Its settings.
    """

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]


@dataclass(frozen=True)
class Port:
    """An input or output of a network; an axis of any length is None."""

    name: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Graph:
    """A network.

    Parameters
    ----------
    ir_version, opset
        Of the format, of its operators.
    nodes
        In the order in which they are computed.
    arrays
        Its weights and other constants by name.
    source, result
        The image, and what is made of it.
    """

    ir_version: int
    opset: int
    nodes: tuple[Node, ...]
    arrays: Mapping[str, NDArray[np.generic]]
    source: Port
    result: Port


class RefusedError(ValueError):
    """A network holds what is not known here.

    Parameters
    ----------
    what, remedy
        In words.
    """

    def __init__(self, what: str, remedy: str = "Export the network again from plain layers") -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


def read_graph(content: memoryview, beside: Mapping[str, memoryview]) -> Graph:
    """The network that a file describes.

    Parameters
    ----------
    content
        The file.
    beside
        Name -> content of the further files that its arrays may lie in.

    Raises
    ------
    DamagedWireError
        If it is no such file.
    RefusedError
        If it holds what is not known here.
    """
    model = WireReader().message(content)
    if model.has(25):
        raise RefusedError("holds functions of its own", "Export it without functions: optimize=True, or dynamo=False")
    if not model.has(7):
        raise DamagedWireError("it describes no network")
    graph = model.part(7)
    if graph.has(15):
        raise RefusedError("holds sparse weights")
    arrays = _arrays(graph, beside)
    nodes = tuple(_node(part, beside) for part in graph.parts(1))
    if len(nodes) > _MOST_NODES:
        raise RefusedError(f"has more than {_MOST_NODES:,} operations")
    sources = [part for part in graph.parts(11) if part.text(1) not in arrays]
    results = list(graph.parts(12))
    if len(sources) != 1:
        raise RefusedError(f"takes {len(sources)} images", "Export it with one input of all modalities")
    if len(results) != 1:
        raise RefusedError(f"gives {len(results)} results", "Switch deep supervision off before the export")
    return Graph(model.whole(1), _opset(model), nodes, arrays, _port(sources[0]), _port(results[0]))


def code_of(array: NDArray[np.generic]) -> int:
    """The number by which the format names the kind of an array's numbers."""
    return _CODES[array.dtype.newbyteorder("<") if array.dtype.itemsize > 1 else array.dtype]


def kind_of(code: int) -> np.dtype[np.generic]:
    """The kind of numbers that a number stands for."""
    if code not in _KINDS:
        raise RefusedError("holds numbers of a kind that is not used here", "Export it in float32")
    return np.dtype(_KINDS[code])


def _opset(model: WireMessage) -> int:
    versions = {part.text(1): part.whole(2) for part in model.parts(8)}
    return versions.get("", versions.get("ai.onnx", 0))


def _arrays(graph: WireMessage, beside: Mapping[str, memoryview]) -> dict[str, NDArray[np.generic]]:
    found: dict[str, NDArray[np.generic]] = {}
    for part in graph.parts(5):
        name = part.text(8)
        if not name or name in found:
            raise DamagedWireError("an array has no name of its own")
        found[name] = _array(part, beside)
    return found


def _node(part: WireMessage, beside: Mapping[str, memoryview]) -> Node:
    operator, domain = part.text(4), part.text(7)
    if domain not in ("", "ai.onnx"):
        raise RefusedError(f"asks for the operator {visible(operator)} of {visible(domain)}, which is not ONNX's own")
    attributes: dict[str, Attribute] = {}
    for entry in part.parts(5):
        name = entry.text(1)
        if name in attributes:
            raise DamagedWireError("a setting stands twice")
        attributes[name] = _attribute(entry, operator, beside)
    return Node(operator, part.texts(1), part.texts(2), attributes)


def _attribute(entry: WireMessage, operator: str, beside: Mapping[str, memoryview]) -> Attribute:
    if entry.has(21):
        raise RefusedError(f"holds the operator {visible(operator)} with a setting of a function")
    match entry.whole(20):
        case 1:
            return float(_floats(entry.content(2) or memoryview(bytes(4)))[0])
        case 2:
            return entry.whole(3)
        case 3:
            return entry.text(4)
        case 4:
            return _array(entry.part(5), beside)
        case 6:
            return tuple(_floats(entry.joined(7)).tolist())
        case 7:
            return entry.wholes(8)
    raise RefusedError(f"holds the operator {visible(operator)} with a network or a text list inside it")


def _floats(content: memoryview) -> NDArray[np.float32]:
    if len(content) % 4:
        raise DamagedWireError("a list of numbers ends within one")
    return np.frombuffer(content, "<f4")


def _array(part: WireMessage, beside: Mapping[str, memoryview]) -> NDArray[np.generic]:
    shape, kind = part.wholes(1), kind_of(part.whole(2))
    if part.has(3) or len(shape) > _MOST_AXES or any(not 0 <= n < _LONGEST_AXIS for n in shape):
        raise DamagedWireError(f"the array {visible(part.text(8))} has an impossible size")
    content = _outside(part, beside) if part.whole(14) == _EXTERNAL else _inside(part, kind)
    promised = math.prod(shape) * kind.itemsize
    if len(content) != promised:
        name = visible(part.text(8))
        raise DamagedWireError(f"the array {name} promises {promised:,} bytes, and {len(content):,} are there")
    return np.frombuffer(content, kind).reshape(shape)


def _inside(part: WireMessage, kind: np.dtype[np.generic]) -> memoryview:
    """The bytes of an array that stands in the file itself, in whichever way."""
    if part.has(_RAW_DATA):
        return part.content(_RAW_DATA)
    if kind == np.dtype("<f4"):
        return part.joined(_FLOAT_DATA)
    if kind == np.dtype("<f8"):
        return part.joined(_DOUBLE_DATA)
    if kind == np.dtype("<i8"):
        return memoryview(np.array(part.wholes(_INT64_DATA), "<i8").tobytes())
    numbers = np.array(part.wholes(_INT32_DATA), "<i8")
    bits = numbers.astype("<u2") if kind == np.dtype("<f2") else numbers.astype(kind)  # of half precision: its bits
    return memoryview(bits.tobytes())


def _outside(part: WireMessage, beside: Mapping[str, memoryview]) -> memoryview:
    """The bytes of an array in a file beside: nothing is opened here, only what the passport names is there."""
    about = {entry.text(1): entry.text(2) for entry in part.parts(13)}
    name = about.get("location", "")
    if name not in beside:
        raise RefusedError(
            f"keeps weights in {visible(name) or 'no file'}, which its passport does not name",
            "Name the file with its SHA-256 in model.json, or export into one file (external_data=False)",
        )
    try:
        start = int(about.get("offset", "0"))
        length = int(about.get("length", str(len(beside[name]) - start)))
    except ValueError as error:
        raise DamagedWireError("an array says no place in its file") from error
    if start < 0 or length < 0 or start + length > len(beside[name]):
        raise DamagedWireError(f"an array lies beyond the end of {visible(name)}")
    return beside[name][start : start + length]


def _port(part: WireMessage) -> Port:
    tensor = part.part(2).part(1)
    if kind_of(tensor.whole(1)) != np.dtype("<f4"):
        raise RefusedError("takes or gives other numbers than float32", "Export it in float32")
    lengths = tuple(axis.whole(1) if axis.has(1) else None for axis in tensor.part(2).parts(1))
    if any(n is not None and not 0 < n < _LONGEST_AXIS for n in lengths):
        raise DamagedWireError("its image has an impossible size")
    return Port(part.text(1), lengths)
