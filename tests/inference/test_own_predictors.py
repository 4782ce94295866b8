"""Networks of PyTorch, MONAI and nnU-Net, exported as docs/networks.md says, against their own predictors.

Each runs where its library is installed: ``pip install torch monai nnunetv2 onnx onnxscript`` into an environment of
its own that sees this program. The networks are random, their last layer enlarged so that probabilities fill 0 to 1.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.infer import infer
from brainseg_gui.inference.models.model_folder import ModelFolder, read_model_folder
from brainseg_gui.inference.network.load import load
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.inference.preprocess import prepare
from brainseg_gui.progress import run_to_end
from tests.architecture.measure import ROOT
from tests.inference.conftest import MakeCase
from tests.inference.onnx_models import model_folder

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # theirs
    pytest.mark.timeout(300),  # their imports
]

NAMES = ["flair", "t1", "t1ce", "t2"]
SHAPE = (27, 22, 20)
PATCH = (16, 16, 16)
REGIONS = {"activation": "sigmoid", "is": "logits", "channels": ["WT", "TC", "ET"]}
BOUND = 1e-3
Images = NDArray[np.float32]


def a_case(make_case: MakeCase) -> tuple[Case, Images]:
    """Random images with nothing on one side, and the same as (4, I, J, K)."""
    arrays = {m: np.random.default_rng(n).integers(1, 1000, SHAPE).astype(np.int16) for n, m in enumerate(Modality)}
    for array in arrays.values():
        array[:5] = 0
    return make_case(SHAPE, arrays), np.stack([arrays[Modality(name)] for name in NAMES]).astype(np.float32)


def normalised(images: Images) -> Images:
    """Each image over what is not 0, as (1, 4, I, J, K)."""
    result = np.zeros_like(images)
    for image, target in zip(images, result, strict=True):
        inside = image != 0
        target[inside] = (image[inside] - image[inside].mean()) / image[inside].std()
    return result[None]


def ours(case: Case, folder: Path) -> NDArray[np.float32]:
    """Probabilities, (channels, I, J, K) or what was cut out of that, in the network's own axes."""
    model: ModelFolder = read_model_folder(folder)
    network = run_to_end(load(model, SegmentOptions("cpu", "float32")))
    batch = run_to_end(prepare(case.volumes, model.passport)).batch
    probabilities, _ = run_to_end(infer(batch, model.passport, network))
    return np.moveaxis(probabilities[0], -1, 0)


def check(found: NDArray[np.floating], theirs: NDArray[np.floating]) -> None:
    """Nowhere further apart than the bound, and not because all is one number."""
    assert found.shape == theirs.shape
    assert theirs.min() < 0.1
    assert theirs.max() > 0.9
    assert np.abs(found - theirs).max() < BOUND
    levels = np.median(theirs, axis=(1, 2, 3), keepdims=True)  # of a random network, half of each is a region
    for one, other in zip(found > levels + BOUND, theirs > levels + BOUND, strict=True):
        assert 2 * (one & other).sum() / (one.sum() + other.sum()) > 1 - BOUND


def exported(network: Any, shape: Sequence[int], path: Path, *, any_size: bool) -> bytes:
    axes = {2: "x", 3: "y", 4: "z"}
    torch.onnx.export(
        network.eval(), torch.zeros(1, 4, *shape), str(path), opset_version=17, dynamo=False,
        input_names=["image"], output_names=["logits"],
        dynamic_axes={"image": axes, "logits": axes} if any_size else None,
    )  # fmt: skip
    return path.read_bytes()


def enlarge(layer: Any, factor: float) -> None:
    """Logits spread as those of a trained network do."""
    with torch.no_grad():
        layer.weight.mul_(factor)
        layer.bias.zero_()


def test_a_network_of_pytorch(tmp_path: Path, make_case: MakeCase) -> None:
    nn = torch.nn
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv3d(4, 8, 3, padding=1), nn.InstanceNorm3d(8), nn.ReLU(), nn.Conv3d(8, 8, 2, stride=2), nn.ReLU(),
        nn.Upsample(scale_factor=2, mode="trilinear"), nn.Conv3d(8, 3, 1),
    )  # fmt: skip
    enlarge(network[-1], 20.0)
    case, images = a_case(make_case)
    steps = [{"step": "zscore", "over": "nonzero", "outside": 0, "clip": None}]
    model = exported(network, PATCH, tmp_path / "net.onnx", any_size=True)
    given = {"modalities": NAMES, "axes": "CIJK", "orientation": "RAS", "spacing_mm": None, "divisor": 2}
    folder = model_folder(tmp_path / "model", model, input=given, preprocess=steps, output={**REGIONS, **LINEAR})
    with torch.no_grad():
        theirs = torch.sigmoid(network(torch.from_numpy(normalised(images))))[0].numpy()
    check(ours(case, folder), theirs)


@pytest.mark.parametrize("mode", ["constant", "gaussian"])
def test_a_network_of_monai(tmp_path: Path, make_case: MakeCase, mode: str) -> None:
    nets, inferers = pytest.importorskip("monai.networks.nets"), pytest.importorskip("monai.inferers")
    torch.manual_seed(0)
    network = nets.SegResNet(3, 8, 4, 3, blocks_down=(1, 1), blocks_up=(1,)).eval()
    enlarge(network.conv_final[-1].conv, 4.0)
    case, images = a_case(make_case)
    page = passport_of("MONAI")
    page["input"] |= {"patch": list(PATCH), "modalities": NAMES, "windows": {"like": f"MONAI {mode}", "overlap": 0.5}}
    model = exported(network, PATCH, tmp_path / "net.onnx", any_size=True)
    folder = model_folder(tmp_path / "model", model, **{**page, "output": {**REGIONS, **LINEAR}})
    batch = torch.from_numpy(normalised(images))
    with torch.no_grad():
        logits = inferers.sliding_window_inference(batch, PATCH, 1, network, overlap=0.5, mode=mode)
    check(ours(case, folder), torch.sigmoid(logits)[0].numpy())


@pytest.mark.parametrize(("folds", "mirrored"), [(1, False), (2, False), (2, True)])
def test_a_network_of_nnunet(
    tmp_path: Path, make_case: MakeCase, monkeypatch: pytest.MonkeyPatch, folds: int, *, mirrored: bool
) -> None:
    for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"):
        monkeypatch.setitem(os.environ, name, str(tmp_path))
    pytest.importorskip("nnunetv2")
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    trained_by_nnunet(tmp_path / "theirs", folds)
    predictor = nnUNetPredictor(use_mirroring=mirrored, device=torch.device("cpu"), allow_tqdm=False)
    predictor.initialize_from_trained_model_folder(str(tmp_path / "theirs"), use_folds=tuple(range(folds)))
    case, images = a_case(make_case)
    stored = np.ascontiguousarray(images.transpose(0, 3, 2, 1))  # (C, I, J, K) -> (C, K, J, I)
    _, theirs = predictor.predict_single_npy_array(stored, {"spacing": [1.0] * 3}, None, None, True)
    models = []
    for number, weights in enumerate(predictor.list_of_parameters):
        predictor.network.load_state_dict(weights)
        models.append(exported(predictor.network, PATCH, tmp_path / f"{number}.onnx", any_size=False))
    page = passport_of("nnU-Net v2")
    page["input"] |= {"patch": list(PATCH), "modalities": NAMES, "orientation": "RAS"}
    page["input"] = {key: value for key, value in page["input"].items() if mirrored or key != "mirrored"}
    folder = model_folder(tmp_path / "ours", *models, **page)
    inside = (slice(None),) * 3 + (slice(5, None),)  # where images are not 0: it cuts that out
    check(ours(case, folder), theirs[inside])


LINEAR = {"resample": "linear on the probabilities, then argmax"}


def passport_of(heading: str) -> dict[str, Any]:
    """What the page shows for a framework, without what belongs to its files."""
    page = (ROOT / "docs" / "networks.md").read_text("utf-8").split(f"## {heading}\n")[1]
    found = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert found is not None
    shown: dict[str, Any] = json.loads(found[1])
    return {key: value for key, value in shown.items() if key not in ("weights", "sha256")}


def trained_by_nnunet(folder: Path, folds: int) -> None:
    """What nnU-Net's training leaves: plans, data set and a checkpoint for each fold."""
    from nnunetv2.utilities.get_network_from_plans import get_network_from_plans

    operations = {
        "conv_op": "torch.nn.modules.conv.Conv3d",
        "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
        "nonlin": "torch.nn.LeakyReLU",
    }
    sizes = {"n_stages": 2, "features_per_stage": [8, 16], "kernel_sizes": [[3, 3, 3]] * 2}
    more = {"strides": [[1, 1, 1], [2, 2, 2]], "n_conv_per_stage": [1, 1], "n_conv_per_stage_decoder": [1]}
    norm = {"conv_bias": True, "norm_op_kwargs": {"eps": 1e-5, "affine": True}, "nonlin_kwargs": {"inplace": True}}
    whole = {**operations, **sizes, **more, **norm, "dropout_op": None, "dropout_op_kwargs": None}
    kind = "dynamic_network_architectures.architectures.unet.PlainConvUNet"
    imports = ["conv_op", "norm_op", "dropout_op", "nonlin"]
    resampling = {
        f"resampling_fn_{what}{end}": value
        for what, order in (("data", 3), ("seg", 1), ("probabilities", 1))
        for end, value in (
            ("", "resample_data_or_seg_to_shape"),
            ("_kwargs", {"is_seg": what == "seg", "order": order, "order_z": 0, "force_separate_z": None}),
        )
    }
    configuration = {
        "data_identifier": "toys", "preprocessor_name": "DefaultPreprocessor", "batch_size": 2,
        "patch_size": list(PATCH), "median_image_size_in_voxels": list(SHAPE), "spacing": [1.0] * 3, **resampling,
        "normalization_schemes": ["ZScoreNormalization"] * 4, "use_mask_for_norm": [True] * 4, "batch_dice": True,
        "architecture": {"network_class_name": kind, "arch_kwargs": whole, "_kw_requires_import": imports},
    }  # fmt: skip
    known = {"mean": 0.0, "std": 1.0, "percentile_00_5": 0.0, "percentile_99_5": 1.0}
    plans = {
        "dataset_name": "Dataset001_Toys", "plans_name": "nnUNetPlans", "image_reader_writer": "NibabelIO",
        "original_median_spacing_after_transp": [1.0] * 3, "original_median_shape_after_transp": list(SHAPE),
        "transpose_forward": [0, 1, 2], "transpose_backward": [0, 1, 2], "experiment_planner_used": "any",
        "label_manager": "LabelManager", "configurations": {"3d_fullres": configuration},
        "foreground_intensity_properties_per_channel": {str(n): known for n in range(4)},
    }  # fmt: skip
    data = {
        "channel_names": dict(enumerate(NAMES)), "numTraining": 1, "file_ending": ".nii.gz",
        "labels": {"background": 0, "WT": [1, 2, 3], "TC": [2, 3], "ET": [3]}, "regions_class_order": [1, 2, 3],
    }  # fmt: skip
    folder.mkdir()
    (folder / "plans.json").write_text(json.dumps(plans))
    (folder / "dataset.json").write_text(json.dumps(data))
    for fold in range(folds):
        torch.manual_seed(fold)
        network = get_network_from_plans(kind, whole, imports, 4, 3, deep_supervision=False)
        enlarge(network.decoder.seg_layers[-1], 4.0)
        checkpoint = {
            "network_weights": network.state_dict(), "trainer_name": "nnUNetTrainer",
            "init_args": {"configuration": "3d_fullres"}, "inference_allowed_mirroring_axes": (0, 1, 2),
        }  # fmt: skip
        (folder / f"fold_{fold}").mkdir()
        torch.save(checkpoint, folder / f"fold_{fold}" / "checkpoint_final.pth")
