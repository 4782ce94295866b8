"""How Keras 2 wrote the calls of layers: with lists, TensorFlow's functions, and its own way of counting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from brainseg_gui.inference.models.known_layers import MODELS, OPERATIONS

_DEEPEST = 60  # beyond any network that is built
_Json = dict[str, Any]

_FUNCTIONS = {
    "__operators__.add": "Add", "math.add": "Add", "math.subtract": "Subtract", "math.multiply": "Multiply",
    "math.truediv": "TrueDivide", "math.divide": "TrueDivide", "math.maximum": "Maximum", "math.minimum": "Minimum",
    "math.negative": "Negative", "math.abs": "Absolute", "math.square": "Square", "math.sqrt": "Sqrt",
    "math.exp": "Exp", "concat": "Concatenate", "nn.relu": "Relu", "nn.elu": "Elu", "nn.selu": "Selu",
    "nn.sigmoid": "Sigmoid", "math.sigmoid": "Sigmoid", "nn.silu": "Silu", "nn.softmax": "Softmax",
    "math.softplus": "Softplus",
}  # fmt: skip
"""Functions of TensorFlow that stood between layers, such as in ``a + b`` -> the operation of Keras 3."""


def called_as_operation(entry: _Json) -> _Json:
    """A function between layers as an operation of Keras 3; as it was where it is not known."""
    name = _FUNCTIONS.get(str(entry["config"].get("function")))
    nodes = entry.get("inbound_nodes")
    call = _call(nodes[0]) if isinstance(nodes, list) and len(nodes) == 1 else None
    if name is None or call is None:
        return entry
    arguments, settings = call
    return {
        "module": OPERATIONS[name],
        "class_name": name,
        "registered_name": None,
        "name": entry.get("name"),
        "config": {"name": entry["config"].get("name"), **settings},
        "inbound_nodes": [{"args": arguments, "kwargs": {}}],
    }


def _call(node: Any) -> tuple[list[Any], _Json] | None:
    """Arguments and settings of one call; None if it is not understood.

    ``a + b`` stands as ``["a", 0, 0, {"y": ["b", 0, 0], "name": null}]``, and a list of tensors with the settings
    beside each of them.
    """
    several = isinstance(node, list) and bool(node) and isinstance(node[0], list)
    members = node if several else [node]
    if not all(isinstance(m, list) and len(m) == 4 and isinstance(m[3], dict) for m in members):
        return None
    options = {key: value for key, value in members[0][3].items() if key != "name" and value is not None}
    if not set(options) <= {"y", "axis"}:
        return None
    first = [_argument(member[:3]) for member in members]
    second = [_argument(options.pop("y"))] if "y" in options else []
    return [first if several else first[0], *second], options


def _argument(value: Any) -> Any:
    """What stands in a call: a number, or a tensor by the layer that gives it."""
    if not _is_tensor(value):
        return value
    if value[0] == "_CONSTANT_VALUE":
        return value[2]
    return {"class_name": "__keras_tensor__", "config": {"shape": [], "dtype": "float32", "keras_history": value}}


def counted_anew(config: _Json) -> _Json:
    """Keras 2 counted the calls of a network within a network from 1; Keras 3 counts from 0."""
    layers = [layer for layer in config["layers"] if isinstance(layer, dict)]
    inner = {str(layer.get("name")): layer["class_name"] for layer in layers if layer.get("class_name") in [*MODELS]}
    calls, ends = [layer.get("inbound_nodes") for layer in layers], config.get("output_layers")
    if not inner or any(isinstance(node, dict) for nodes in calls if isinstance(nodes, list) for node in nodes):
        return config
    uses = list(_tensors([calls, ends], 0))
    first = {name: min((use[1] for use in uses if use[0] == name), default=0) for name in inner}
    # where its output is that of the whole, Keras 3 takes 1 from the number of a functional network
    last = {name: number - (inner[name] != "Sequential") for name, number in first.items()}
    moved = [_moved_calls(layer, first) for layer in config["layers"]]
    return config | {"layers": moved, "output_layers": _moved(ends, last, 0)}


def _moved_calls(layer: Any, first: Mapping[str, int]) -> Any:
    if not isinstance(layer, dict) or "inbound_nodes" not in layer:
        return layer
    return layer | {"inbound_nodes": _moved(layer["inbound_nodes"], first, 0)}


def _moved(value: Any, first: Mapping[str, int], depth: int) -> Any:
    """The same calls, where those of some layers are counted from `first`."""
    if depth > _DEEPEST:
        return value
    if isinstance(value, dict):
        return {key: _moved(entry, first, depth + 1) for key, entry in value.items()}
    if not isinstance(value, list):
        return value
    moved = [_moved(entry, first, depth + 1) for entry in value]
    return [moved[0], moved[1] - first.get(moved[0], 0), *moved[2:]] if _is_tensor(value) else moved


def _tensors(value: Any, depth: int) -> Iterator[list[Any]]:
    """Every tensor that calls name: ``[layer, number of its call, number of the result, …]``."""
    if _is_tensor(value):
        yield value
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if depth < _DEEPEST:
        for member in members:
            yield from _tensors(member, depth + 1)


def _is_tensor(value: Any) -> bool:
    return isinstance(value, list) and len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int)
