"""Networks in ONNX: what is known is read and written anew without a change, everything else is a sentence."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import external_data_helper, helper, reference

from brainseg_gui.errors import ModelError
from brainseg_gui.inference.models.model_folder import read_model_folder, verify_weights
from brainseg_gui.inference.models.onnx.check import sizes_of, written_anew
from brainseg_gui.inference.models.onnx.file import read_networks
from brainseg_gui.inference.models.onnx.graph import Graph, RefusedError, read_graph
from tests.inference.onnx_models import BIAS, KERNEL, WEIGHTS, hostile_networks, model_folder, network, u_net

HOSTILE = hostile_networks()


def read(model: onnx.ModelProto) -> Graph:
    return read_graph(memoryview(model.SerializeToString()), {})


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_stranger_might_send_is_refused_with_its_file(tmp_path: Path, name: str) -> None:
    model, words = HOSTILE[name]
    with pytest.raises(ModelError, match=r"model\.onnx") as caught:
        read_networks(read_model_folder(model_folder(tmp_path, model)))
    assert words in str(caught.value)
    assert caught.value.remedy


def test_a_network_written_anew_computes_what_the_file_says() -> None:
    model = u_net()
    model.graph.doc_string = "a word that is not copied"
    copy = onnx.load_from_string(written_anew(read(model)))
    onnx.checker.check_model(copy)
    assert "a word" not in str(copy)
    image = np.random.default_rng(1).normal(size=(1, 4, 8, 6, 10)).astype(np.float32)
    wanted, found = (reference.ReferenceEvaluator(m).run(None, {"image": image})[0] for m in (model, copy))
    np.testing.assert_array_equal(found, wanted)


def test_the_size_of_every_tensor_is_known_before_it_is_made() -> None:
    sizes = sizes_of(read(u_net()), (1, 4, 32, 48, 16), 32 * 48 * 16)
    assert sizes.result == (1, 4, 32, 48, 16)
    assert (sizes.largest_bytes, sizes.largest_operator) == (4 * 12 * 32 * 48 * 16, "Concat")


def test_an_odd_size_is_told_by_the_operator_that_does_not_take_it(tmp_path: Path) -> None:
    grid = {"modalities": ["flair", "t1", "t1ce", "t2"], "axes": "CIJK", "orientation": "RAS", "divisor": 5}
    with pytest.raises(ModelError, match=r"Reshape.*another number of voxels"):
        read_networks(read_model_folder(model_folder(tmp_path, u_net(), input=grid)))


@pytest.mark.parametrize("kind", ["raw", "listed", "external"])
def test_weights_are_the_same_wherever_they_stand(tmp_path: Path, kind: str) -> None:
    model, beside = network(), []
    if kind == "listed":
        tensor = helper.make_tensor("kernel", onnx.TensorProto.FLOAT, KERNEL.shape, KERNEL.ravel().tolist())
        model.graph.initializer[0].CopyFrom(tensor)
    if kind == "external":
        external_data_helper.convert_model_to_external_data(model, location="weights.bin", size_threshold=0)
        onnx.save(model, tmp_path / "model.onnx")
        model, beside = (tmp_path / "model.onnx").read_bytes(), ["weights.bin"]
    (graph,) = read_networks(read_model_folder(model_folder(tmp_path, model, beside=beside)))
    np.testing.assert_array_equal(graph.arrays["kernel"], KERNEL)
    np.testing.assert_array_equal(graph.arrays["bias"], BIAS)


def test_weights_beside_the_network_are_compared_with_the_passport_too(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"others")
    folder = model_folder(tmp_path, network(), beside=["weights.bin"])
    (tmp_path / "weights.bin").write_bytes(b"OTHERS")
    model = read_model_folder(folder)
    for check in (verify_weights, read_networks):
        with pytest.raises(ModelError, match=r"weights\.bin.*SHA-256 is "):
            check(model)


def test_an_image_whose_axes_are_in_another_order_is_the_passports_fault() -> None:
    with pytest.raises(RefusedError, match="weights do not fit its channels") as caught:
        sizes_of(read(network()), (1, 8, 8, 8, 4), 8**3)
    assert caught.value.remedy.startswith("Compare axes")


def test_weights_that_are_a_link_are_refused(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "folder", network())
    (folder / "model.onnx").rename(tmp_path / "elsewhere.onnx")
    (folder / "model.onnx").symlink_to(tmp_path / "elsewhere.onnx")
    with pytest.raises(ModelError, match="a link to elsewhere"):
        read_networks(read_model_folder(folder))


@pytest.mark.parametrize("length", [0, 1, 2, 40, 100, 200, 250])
def test_a_file_that_ends_too_early_is_damaged_or_complete(tmp_path: Path, length: int) -> None:
    content = network().SerializeToString()
    assert len(content) > length
    with pytest.raises(ModelError, match=r"model\.onnx"):
        read_networks(read_model_folder(model_folder(tmp_path, content[:length])))


def test_half_precision_and_whole_numbers_are_read_as_the_library_reads_them() -> None:
    arrays = {
        "half": np.array([1.5, -2, 65504], np.float16), "double": np.array([1e300]), "few": np.array([-1, 2], np.int32),
        "many": np.array([2**40, -(2**40)]), "yes": np.array([True, False]), "bytes": np.array([255], np.uint8),
    }  # fmt: skip
    model = network(arrays={**WEIGHTS, **arrays})
    for tensor, (name, array) in zip(model.graph.initializer[2:], arrays.items(), strict=True):
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        tensor.CopyFrom(helper.make_tensor(name, kind, array.shape, array.ravel().tolist()))
        assert not tensor.raw_data
    found = read(model).arrays
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


def test_folds_are_named_with_their_digests_and_are_one_identity(tmp_path: Path) -> None:
    model = read_model_folder(model_folder(tmp_path, network(), network(arrays={"kernel": KERNEL * 2, "bias": BIAS})))
    assert model.passport.ensemble == ("fold_0.onnx", "fold_1.onnx")
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(model.digests.items()))
    assert model.passport.sha256 == hashlib.sha256(lines.encode()).hexdigest()
    assert [graph.arrays["kernel"].max() for graph in read_networks(model)] == [8, 16]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": ["a.onnx", "a.onnx"]}, "different files"),
        ({"weights": []}, "different files"),
        ({"weights": ["a.onnx", "b.keras"]}, "all have to be .onnx"),
        ({"weights": ["../a.onnx", "b.onnx"]}, "no .keras, .h5 or .onnx file of its folder"),
        ({"weights": ["a.onnx", "b.onnx"], "sha256": {"a.onnx": "0" * 64}}, "gives no sha256 for b.onnx"),
        ({"weights": "model.onnx", "sha256": {"model.onnx": "0" * 64, "../x": "0" * 64}}, "names the file '../x'"),
    ],
)
def test_a_passport_that_names_its_files_wrongly_is_refused(tmp_path: Path, changes: dict, words: str) -> None:
    folder = model_folder(tmp_path, network())
    content = json.loads((folder / "model.json").read_text()) | changes
    (folder / "model.json").write_text(json.dumps(content))
    with pytest.raises(ModelError, match=words.replace(".", r"\.")):
        read_model_folder(folder)


def test_shapes_agree_with_those_of_the_library_for_every_kind_of_axis() -> None:
    """Operators whose rule is easily wrong, on odd sizes, against ONNX's own inference."""
    make = helper.make_node
    nodes = {
        "stride": make("Conv", ["image", "kernel"], ["logits"], strides=[2, 3, 1], pads=[1, 0, 0, 1, 1, 0]),
        "same": make("Conv", ["image", "kernel"], ["logits"], strides=[2, 2, 2], auto_pad="SAME_UPPER"),
        "pool": make("MaxPool", ["image"], ["logits"], kernel_shape=[3, 3, 3], strides=[2, 2, 2], ceil_mode=1),
        "up": make("ConvTranspose", ["image", "kernel"], ["logits"], strides=[2, 2, 1], output_padding=[1, 0, 0],
                   pads=[0, 0, 0, 1, 0, 0]),
        "scale": make("Resize", ["image", "", "scales"], ["logits"]),
        "pad": make("Pad", ["image", "pads"], ["logits"]),
    }  # fmt: skip
    arrays = {"kernel": KERNEL, "scales": np.array([1, 1, 1.5, 2, 0.5], np.float32), "pads": np.arange(10) % 3}
    for name, node in nodes.items():
        model = network([node], arrays, shape=(1, 4, 7, 9, 11))
        del model.graph.output[0].type.tensor_type.shape.dim[:]
        model.graph.output[0].type.tensor_type.ClearField("shape")
        shape = onnx.shape_inference.infer_shapes(model, data_prop=True).graph.output[0].type.tensor_type.shape
        assert sizes_of(read(model), (1, 4, 7, 9, 11), 693).result == tuple(d.dim_value for d in shape.dim), name
