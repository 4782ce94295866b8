"""Model folders with networks in ONNX, built with `onnx.helper`: good ones, and such as a stranger might send."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MODALITIES = ["flair", "t1", "t1ce", "t2"]
Json = dict[str, Any]
ANY = ("x", "y", "z")

# One row per class, one column per modality, as in `build_models`: background wins unless an image is bright.
KERNEL = np.array([[0, 0, 0, 0], [0, 8, 0, 0], [8, 0, 0, 0], [0, 0, 8, 0]], np.float32)[..., None, None, None]
BIAS = np.array([4, 0, 0, 0], np.float32)
TO_LOGITS = helper.make_node("Conv", ["image", "kernel", "bias"], ["logits"])
WEIGHTS = {"kernel": KERNEL, "bias": BIAS}


def network(
    nodes: Sequence[onnx.NodeProto] = (TO_LOGITS,),
    arrays: Mapping[str, np.ndarray] = WEIGHTS,
    *,
    channels: int = 4,
    shape: Sequence[Any] = (1, 4, *ANY),
    opset: int = 17,
    domains: Sequence[str] = (),
) -> onnx.ModelProto:
    """A network whose last node gives ``logits``; without arguments one convolution of one voxel."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, channels, *shape[2:]])
    weights = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    graph = helper.make_graph(list(nodes), "net", [image], [logits], weights)
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def u_net() -> onnx.ModelProto:
    """Two levels with a skip, as exporters write them: sizes are worked out by the network itself."""
    random = np.random.default_rng(0)

    def weights(*shape: int) -> np.ndarray:
        return random.normal(0, 0.3, shape).astype(np.float32)

    arrays = {
        "w1": weights(6, 4, 3, 3, 3), "scale": weights(6), "shift": weights(6), "w2": weights(8, 6, 3, 3, 3),
        "w3": weights(8, 6, 2, 2, 2), "w4": weights(4, 12, 1, 1, 1), "two": np.array(2), "end": np.array([5]),
    }  # fmt: skip
    make = helper.make_node
    nodes = [
        make("Conv", ["image", "w1"], ["a"], pads=[1] * 6),
        make("InstanceNormalization", ["a", "scale", "shift"], ["b"], epsilon=1e-5),
        make("LeakyRelu", ["b"], ["skip"], alpha=0.01),
        make("Conv", ["skip", "w2"], ["c"], pads=[1] * 6, strides=[2, 2, 2]),
        make("ConvTranspose", ["c", "w3"], ["up"], strides=[2, 2, 2]),
        make("Shape", ["skip"], ["whole"]),
        make("Constant", [], ["start"], value=numpy_helper.from_array(np.array([2]))),
        make("Slice", ["whole", "start", "end"], ["lengths"]),
        make("Div", ["lengths", "two"], ["half"]),
        make("Mul", ["half", "two"], ["again"]),
        make("Constant", [], ["front"], value_ints=[1, 6]),
        make("Concat", ["front", "again"], ["shape"], axis=0),
        make("Reshape", ["up", "shape"], ["same"]),
        make("Concat", ["same", "skip"], ["both"], axis=1),
        make("Conv", ["both", "w4"], ["logits"]),
    ]
    return network(nodes, arrays)


def passport(**changes: Any) -> Json:
    """A passport of such a network, without its files."""
    return {
        "name": "net", "version": "1", "framework": {"torch": "2.13"},
        "input": {"modalities": MODALITIES, "axes": "CIJK", "orientation": "RAS", "spacing_mm": None, "divisor": 1},
        "preprocess": [{"step": "minmax", "over": "crop", "decimals": None}],
        "output": {"activation": "softmax", "is": "logits", "channels": ["background", "NCR", "ED", "ET"],
                   "resample": "linear on the probabilities, then argmax"},
        "postprocess": [], "trained_on": "nothing", "results": "none", "licence": "Apache-2.0",
        "intended_use": "tests", **changes,
    }  # fmt: skip


def model_folder(folder: Path, *models: onnx.ModelProto | bytes, beside: Sequence[str] = (), **changes: Any) -> Path:
    """Write networks and their passport; `beside` are files that are there already, `changes` replace fields."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"fold_{number}.onnx" for number in range(len(models))] if len(models) > 1 else ["model.onnx"]
    for name, model in zip(names, models, strict=True):
        (folder / name).write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (*names, *beside)}
    files: Json = {"weights": names, "sha256": digests}
    if len(digests) == 1:
        files = {"weights": names[0], "sha256": digests[names[0]]}
    (folder / "model.json").write_text(json.dumps(passport() | files | changes))
    return folder


def _within(operator: str, **attributes: Any) -> onnx.ModelProto:
    """A network with a network inside it."""
    inner = helper.make_graph(
        [helper.make_node("Identity", ["image"], ["inner"])], "inner", [],
        [helper.make_tensor_value_info("inner", TensorProto.FLOAT, None)],
    )  # fmt: skip
    names = attributes.pop("names")
    node = helper.make_node(operator, attributes.pop("inputs"), ["given"], **dict.fromkeys(names, inner), **attributes)
    return network([node, _convolution("given")], {**WEIGHTS, "yes": np.array(True), "often": np.array(2**62)})


def _convolution(of: str, **settings: Any) -> onnx.NodeProto:
    return helper.make_node("Conv", [of, "kernel", "bias"], ["logits"], **settings)


def _giant(operator: str, *sizes: int, inputs: Sequence[str] = ("image", "sizes")) -> onnx.ModelProto:
    node = helper.make_node(operator, list(inputs), ["giant"])
    more = [helper.make_node("ReduceMean", ["giant"], ["one"], keepdims=1),
            helper.make_node("Add", ["image", "one"], ["given"])]  # fmt: skip
    arrays = {**WEIGHTS, "sizes": np.array(sizes, np.int64), "one_number": np.zeros((1,) * len(sizes), np.float32)}
    return network([node, *more, _convolution("given")], arrays)


def _scaled(*scales: float) -> onnx.ModelProto:
    node = helper.make_node("Resize", ["image", "", "scales"], ["giant"], mode="nearest")
    return network([node, _convolution("giant")], {**WEIGHTS, "scales": np.array(scales, np.float32)})


def _cycle() -> onnx.ModelProto:
    nodes = [helper.make_node("Add", ["image", "back"], ["there"]), helper.make_node("Relu", ["there"], ["back"])]
    return network([*nodes, _convolution("back")])


def _edited(change: Callable[[onnx.ModelProto], object]) -> onnx.ModelProto:
    model = network()
    change(model)
    return model


def _outside(location: str, **more: str) -> onnx.ModelProto:
    model = network()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **more}.items():
        tensor.external_data.add(key=key, value=value)
    return model


def _with_function() -> onnx.ModelProto:
    model = network()
    node = helper.make_node("Relu", ["x"], ["y"])
    model.functions.append(helper.make_function("mine", "f", ["x"], ["y"], [node], [helper.make_opsetid("", 17)]))
    return model


def hostile_networks() -> dict[str, tuple[onnx.ModelProto, str]]:
    """What a stranger might send, and some words of the sentence that it is refused with."""
    odd = helper.make_node("Odd", ["image"], ["given"], domain="evil")
    known = helper.make_node("Conv", ["image", "kernel", "bias"], ["logits"], domain="com.microsoft")
    kernel = lambda model: model.graph.initializer[0]  # noqa: E731
    return {
        "an operator of its own": (network([odd, _convolution("given")], domains=("evil",)), "Odd of evil"),
        "an operator of another domain": (network([known], domains=("com.microsoft",)), "Conv of com.microsoft"),
        "a function of its own": (_with_function(), "functions of its own"),
        "a loop": (_within("Loop", inputs=["often", "yes", "image"], names=["body"]), "Loop with a network"),
        "a choice": (_within("If", inputs=["yes"], names=["then_branch", "else_branch"]), "If with a net"),
        "a scan": (_within("Scan", inputs=["image"], names=["body"], num_scan_inputs=1), "Scan with a net"),
        "random numbers": (network([helper.make_node("RandomNormalLike", ["image"], ["r"]), _convolution("r")]),
                           "the operator RandomNormalLike, which is not among"),
        "a giant by Expand": (_giant("Expand", 1, 4, 4096, 4096, 4096), "unknown size by the operator Expand"),
        "a giant by Tile": (_giant("Tile", 1, 1, 999, 999, 999), "voxels of"),
        "a giant of nothing": (_giant("ConstantOfShape", 2**20, 2**20, inputs=["sizes"]), "ConstantOfShape"),
        "a giant of one number": (_giant("Expand", 2**14, 2**15, inputs=["one_number", "sizes"]), "more than 1 GiB"),
        "a giant by Resize": (_scaled(1, 1, 50, 50, 50), "voxels of"),
        "a giant of padding": (network([_convolution("image", pads=[999] * 6)]), "voxels of"),
        "less than nothing": (_scaled(1, 1, -1, 1, 1), "unknown size by the operator Resize"),
        "a cycle": (_cycle(), "computes with back, which comes from nowhere"),
        "twice the same": (network([TO_LOGITS, TO_LOGITS]), "computes something twice"),
        "no result": (network([helper.make_node("Relu", ["image"], ["other"])]), "never computes its result"),
        "an old opset": (network(opset=7), "is of opset 7"),
        "a coming opset": (network(opset=99), "is of opset 99"),
        "lying dimensions": (_edited(lambda m: kernel(m).dims.__setitem__(0, 2**40)), "impossible size"),
        "a lying size": (_edited(lambda m: kernel(m).dims.__setitem__(0, 2**20)), "promises 16,777,216 bytes"),
        "negative dimensions": (_edited(lambda m: kernel(m).dims.__setitem__(0, -4)), "impossible size"),
        "texts for weights": (_edited(lambda m: setattr(kernel(m), "data_type", TensorProto.STRING)), "of a kind"),
        "sparse weights": (_edited(lambda m: m.graph.sparse_initializer.add()), "sparse weights"),
        "weights in a folder above": (_outside("../secret.bin"), "keeps weights in ../secret.bin, which its passport"),
        "weights anywhere": (_outside("/etc/passwd"), "keeps weights in /etc/passwd"),
        "weights beyond the end": (_outside("model.onnx", offset="999999999", length="64"), "beyond the end"),
        "weights before the start": (_outside("model.onnx", offset="-64", length="64"), "beyond the end"),
        "two results": (_edited(lambda m: m.graph.output.append(m.graph.output[0])), "Switch deep supervision off"),
        "no image": (_edited(lambda m: m.graph.input.pop()), "takes 0 images"),
        "a picture": (network(shape=(1, 4, "x", "y")), "does not take one array"),
        "half precision": (_edited(lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", 10)), "float32"),
        "another number of channels": (network(shape=(1, 3, *ANY)), "has 3 input channels"),
        "too few classes": (network(arrays={"kernel": KERNEL[:3], "bias": BIAS[:3]}, channels=3), "makes 1×3×"),
    }  # fmt: skip
