"""Networks in ONNX, all the way from a case to its classes."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.errors import EngineError, ModelError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.inference.models.model_folder import ModelFolder, read_model_folder
from brainseg_gui.inference.network.load import load
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.inference.segment import Outcome, segment_volumes
from brainseg_gui.progress import run_to_end
from tests.inference.conftest import MakeCase
from tests.inference.onnx_models import ANY, BIAS, KERNEL, MODALITIES, TO_LOGITS, model_folder, network, passport

CPU = SegmentOptions("cpu", "float32")
LINEAR = "linear on the probabilities, then argmax"
NO_STEPS = {"preprocess": []}


def segmented(case: Case, model: ModelFolder) -> tuple[np.ndarray, Outcome]:
    ready = run_to_end(load(model, CPU))
    classes = np.zeros(case.grid.shape, np.uint8, order="F")
    return classes, run_to_end(segment_volumes(case.volumes, model.passport, ready, classes))


def regions_folder(folder: Path, channels: list[str], **output: object) -> ModelFolder:
    """A network whose logits are four times the images."""
    count = len(channels)
    kernel = 4 * np.eye(4, dtype=np.float32)[:count, :, None, None, None]
    model = network([TO_LOGITS], {"kernel": kernel, "bias": np.zeros(count, np.float32)}, channels=count)
    about = {"activation": "sigmoid", "is": "logits", "channels": channels, "resample": LINEAR, **output}
    return read_model_folder(model_folder(folder, model, output=about, **NO_STEPS))


def one_by_one(make_case: MakeCase, *signs: tuple[int, ...]) -> Case:
    """A case whose first voxels along i have these intensities in the order of `MODALITIES`; the rest is -1."""
    arrays = {name: np.full((8, 8, 8), -1, np.int16) for name in MODALITIES}
    for place, values in enumerate(signs):
        for name, value in zip(MODALITIES, values, strict=True):
            arrays[name][place, 0, 0] = value
    return make_case((8, 8, 8), {Modality(name): array for name, array in arrays.items()})


@pytest.mark.engine
def test_the_engine_segments_with_a_network_in_onnx(tmp_path: Path, engine: Engine, make_case: MakeCase) -> None:
    bright = {m: np.zeros((16, 18, 14), np.int16) for m in Modality}
    bright[Modality.FLAIR][2:6, 3:7, 4:8] = 500
    bright[Modality.T1CE][9:12, 9:12, 9:12] = 500
    for array in bright.values():
        array[0, 0, 0] = 1000
    model = read_model_folder(model_folder(tmp_path, network()))
    result = run_to_end(engine.segment(make_case(volumes=bright), model, SegmentOptions(keep_probabilities=True)))
    assert result.classes[3, 4, 5] == 0  # 8 · 0.5 is no more than the background's 4
    bright[Modality.FLAIR][2:6, 3:7, 4:8] = bright[Modality.T1CE][9:12, 9:12, 9:12] = 900
    result = run_to_end(engine.segment(make_case(volumes=bright), model, SegmentOptions(keep_probabilities=True)))
    assert (result.classes[3, 4, 5], result.classes[10, 10, 10], result.classes[15, 0, 0]) == (2, 3, 0)
    assert result.probabilities is not None
    shares, _ = result.probabilities.at((3, 4, 5))
    raised = np.exp([4, 0, 8 * 0.9, 0])
    assert shares == pytest.approx(raised / raised.sum(), abs=1 / 255)
    assert result.device.startswith("CPU")


@pytest.mark.engine
def test_the_engine_tells_a_hostile_network_by_its_file(tmp_path: Path, engine: Engine, make_case: MakeCase) -> None:
    model = read_model_folder(model_folder(tmp_path, network(opset=99)))
    with pytest.raises(ModelError, match=r"model\.onnx.*opset 99"):
        run_to_end(engine.segment(make_case(), model, CPU))


def test_regions_are_drawn_from_the_outermost_to_the_innermost(tmp_path: Path, make_case: MakeCase) -> None:
    """As nnU-Net does it: each region alone, ET even where WT is unlikely; channels in any order."""
    model = regions_folder(tmp_path, ["TC", "WT", "ET"])
    case = one_by_one(make_case, (1, 1, 1, 0), (1, 1, -1, 0), (-1, 1, -1, 0), (1, -1, -1, 0), (-1, -1, 1, 0))
    classes, _ = segmented(case, model)
    assert classes[:6, 0, 0].tolist() == [3, 1, 2, 1, 3, 0]


def test_a_cavity_is_a_class_of_its_own(tmp_path: Path, make_case: MakeCase) -> None:
    model = regions_folder(tmp_path, ["WT", "TC", "ET", "RC"])
    case = one_by_one(make_case, (1, 1, 1, 1), (1, -1, -1, 1), (1, 1, -1, -1), (-1, -1, -1, 1))
    classes, _ = segmented(case, model)
    assert classes[:5, 0, 0].tolist() == [6, 6, 1, 6, 0]
    assert model.passport.output.tissues == ("ED", "NCR", "ET", "RC")


def test_one_region_is_tumour_that_is_not_told_apart(tmp_path: Path) -> None:
    assert regions_folder(tmp_path, ["WT"]).passport.output.tissues == ("WT",)


@pytest.mark.parametrize(
    ("channels", "more", "words"),
    [
        (["WT", "XX"], {}, "does not know: XX"),
        (["background", "WT"], {}, "none of them background"),
        (["WT", "TC"], {"becomes": ["ED"]}, "for each channel in becomes"),
        (["WT", "NCR", "NET", "CC"], {}, "no label scheme has a number for each of"),
        (["WT"], {"activation": "relu"}, "'softmax', 'sigmoid'"),
        (["WT"], {"is": "odd"}, "'probabilities', 'logits'"),
    ],
)
def test_an_output_that_is_not_understood_is_refused(tmp_path: Path, channels: list, more: dict, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        regions_folder(tmp_path, channels, **more)


def test_mirror_images_are_averaged(tmp_path: Path) -> None:
    """A network that looks one voxel to the left: with mirroring along I it looks to both sides, half each."""
    kernel = np.zeros((4, 4, 3, 1, 1), np.float32)
    kernel[2, 0, 0] = 1.0
    node = TO_LOGITS.__class__()
    node.CopyFrom(TO_LOGITS)
    node.attribute.add(name="pads", type=7, ints=[1, 0, 0, 1, 0, 0])
    grid = passport()["input"] | {"mirrored": ["I"]}
    model = read_model_folder(
        model_folder(tmp_path, network([node], {"kernel": kernel, "bias": BIAS * 0}), input=grid, **NO_STEPS)
    )
    from brainseg_gui.inference.answers import mirrored

    batch = np.zeros((1, 5, 3, 3, 4), np.float32)
    batch[0, 2, 1, 1, 0] = 8
    answers = mirrored(run_to_end(load(model, CPU)).predict, model.passport)(batch)
    assert answers[0, :, 1, 1, 2].tolist() == [0, 4, 0, 4, 0]


def test_mirroring_three_axes_asks_eight_times() -> None:
    from brainseg_gui.inference.answers import mirrored
    from brainseg_gui.inference.models.passport_reading import parse_passport

    grid = passport()["input"] | {"axes": "CKJI", "mirrored": ["I", "J", "K"]}
    read = parse_passport(passport(input=grid, weights="a.onnx", sha256="0" * 64), Path("model.json"))
    seen = []

    def one_voxel(batch: np.ndarray) -> np.ndarray:
        seen.append(tuple(np.argwhere(batch[0, ..., 0])[0]))
        return batch

    batch = np.zeros((1, 2, 2, 2, 1), np.float32)
    batch[0, 0, 0, 0] = 1
    np.testing.assert_array_equal(mirrored(one_voxel, read)(batch), batch)
    assert sorted(seen) == sorted(product((0, 1), repeat=3))


def test_folds_are_averaged_before_the_activation(tmp_path: Path) -> None:
    folds = [network(arrays={"kernel": factor * KERNEL, "bias": BIAS}) for factor in (1, 3)]
    model = read_model_folder(model_folder(tmp_path, *folds))
    one, mean = np.random.default_rng(0).random((2, 1, 4, 4, 4, 4), dtype=np.float32), None
    mean = run_to_end(load(model, CPU)).predict(one[0])
    alone = read_model_folder(model_folder(tmp_path / "2", network(arrays={"kernel": 2 * KERNEL, "bias": BIAS})))
    np.testing.assert_allclose(mean, run_to_end(load(alone, CPU)).predict(one[0]), atol=1e-5)


@pytest.mark.parametrize("axes", ["CIJK", "CKJI", "CJIK"])
def test_the_axes_are_those_of_the_passport(tmp_path: Path, make_case: MakeCase, axes: str) -> None:
    """A network that looks one voxel along its own last axis."""
    kernel = np.zeros((4, 4, 1, 1, 3), np.float32)
    kernel[2, 0, 0, 0, 0] = 1.0
    node = TO_LOGITS.__class__()
    node.CopyFrom(TO_LOGITS)
    node.attribute.add(name="pads", type=7, ints=[0, 0, 1, 0, 0, 1])
    grid = passport()["input"] | {"axes": axes}
    model = read_model_folder(
        model_folder(tmp_path, network([node], {"kernel": kernel, "bias": BIAS * 0}), input=grid, **NO_STEPS)
    )
    flair = np.zeros((8, 8, 8), np.int16)
    flair[3, 3, 3] = 50
    classes, _ = segmented(make_case((8, 8, 8), dict.fromkeys(Modality, flair)), model)
    wanted = [3, 3, 3]
    wanted["IJK".index(axes[-1])] = 4
    assert np.argwhere(classes == 2).tolist() == [wanted]


def test_windows_slide_where_the_passport_says_so_even_if_all_would_fit(tmp_path: Path, make_case: MakeCase) -> None:
    grid = passport()["input"] | {"patch": [8, 8, 8], "windows": {"like": "nnU-Net", "overlap": 0.5}}
    model = read_model_folder(model_folder(tmp_path, network(shape=(1, 4, 8, 8, 8)), input=grid))
    case = make_case((12, 6, 8))  # longer, shorter than and as long as a window
    whole = read_model_folder(model_folder(tmp_path / "whole", network()))
    np.testing.assert_array_equal(segmented(case, model)[0], segmented(case, whole)[0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"windows": {"like": "nnU-Net", "overlap": 0.5}}, "windows of no size"),
        ({"windows": {"like": "odd", "overlap": 0.5}, "patch": [8, 8, 8]}, "'odd' for like"),
        ({"windows": {"like": "nnU-Net", "overlap": 1}, "patch": [8, 8, 8]}, "from 0 to 0.9 for overlap"),
        ({"mirrored": ["I", "I"]}, "different axes out of I, J, K"),
        ({"axes": "CCJI"}, "'CCJI' for axes"),
    ],
)
def test_a_grid_that_is_not_understood_is_refused(tmp_path: Path, change: dict, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        read_model_folder(model_folder(tmp_path, network(), input=passport()["input"] | change))


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"step": "percentiles", "over": "crop", "low": 60, "high": 40, "clip": True}, "low < high"),
        ({"step": "percentiles", "over": "crop", "low": 1, "high": 99, "clip": 1}, "true or false for clip"),
        ({"step": "percentiles", "over": "odd", "low": 1, "high": 99, "clip": True}, "'odd' for over"),
        ({"step": "range", "clip": [3, 1], "subtract": 0, "divide": 1}, "a clip that grows"),
        ({"step": "range", "clip": [1, 3], "subtract": 0, "divide": 0}, "a positive number for divide"),
    ],
)
def test_a_normalisation_that_is_not_understood_is_refused(tmp_path: Path, step: dict, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        read_model_folder(model_folder(tmp_path, network(), preprocess=[step]))


def test_a_gpu_is_not_promised(tmp_path: Path) -> None:
    model = read_model_folder(model_folder(tmp_path, network()))
    with pytest.raises(EngineError, match="on the CPU only"):
        run_to_end(load(model, SegmentOptions("gpu")))


def test_a_giant_of_the_real_size_is_refused_before_it_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = read_model_folder(model_folder(tmp_path, network(shape=(1, 4, *ANY))))
    monkeypatch.setattr("brainseg_gui.inference.network.onnx_network.usable_bytes", lambda: 1000)
    with pytest.raises(ModelError, match=r"its operator Conv alone needs .* can be used"):
        run_to_end(load(model, CPU))


def test_keras_is_not_imported_for_it(tmp_path: Path) -> None:
    import subprocess

    folder = model_folder(tmp_path, network())
    code = (
        "import sys; from pathlib import Path\n"
        "from brainseg_gui.inference.models.model_folder import read_model_folder\n"
        "from brainseg_gui.inference.network.load import load\n"
        "from brainseg_gui.inference.options import SegmentOptions\n"
        "from brainseg_gui.progress import run_to_end\n"
        f"run_to_end(load(read_model_folder(Path({str(folder)!r})), SegmentOptions()))\n"
        "print([name for name in ('keras', 'tensorflow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
