from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from brainseg_gui.errors import EngineError, ModelError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.engine import shared_block
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.inference.engine.shared_block import SharedBlock
from brainseg_gui.inference.models.model_folder import ModelFolder, default_model, read_model_folder
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.progress import Progress, run_to_end
from tests.inference import onnx_models
from tests.inference.strangers import convolution, description, hostile_layers, layer, legacy, model_folder, tensor

MakeCase = Callable[..., Case]
FLOAT32 = SegmentOptions(device="cpu", precision="float32")

# The weights of the network `brightness`, one row per modality (flair, t1, t1ce, t2), one column per class.
WEIGHTS = np.array([[0, 0, 8, 0], [0, 8, 0, 0], [0, 0, 0, 8], [0, 0, 0, 0]])
BIAS = np.array([4, 0, 0, 0])


@pytest.fixture
def brightness(model_folders: Path) -> ModelFolder:
    return read_model_folder(model_folders / "brightness")


@pytest.fixture
def in_onnx(tmp_path: Path) -> ModelFolder:
    """The same network in ONNX: its process imports no TensorFlow, and is there in a tenth of the time."""
    return read_model_folder(onnx_models.model_folder(tmp_path / "in ONNX", onnx_models.network()))


@pytest.fixture
def own_engine() -> Iterator[Engine]:
    """An engine that can be killed: that of all tests would have to import TensorFlow again."""
    engine = Engine()
    yield engine
    engine.close()


@pytest.fixture(autouse=True)
def blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where shared blocks lie; none may be left behind."""
    folder = tmp_path / "blocks"
    folder.mkdir()
    monkeypatch.setattr(shared_block, "FOLDERS", (folder,))
    yield folder
    assert not list(folder.iterdir())


def expected_classes(case: Case) -> np.ndarray:
    """What `brightness` makes of a case: min–max, one weighted sum per class, the largest wins."""
    scores = np.zeros((*case.grid.shape, 4)) + BIAS
    for row, modality in zip(WEIGHTS, (Modality.FLAIR, Modality.T1, Modality.T1CE, Modality.T2), strict=True):
        stored = case.volumes[modality].stored.astype(float)
        scores += ((stored - stored.min()) / (stored.max() - stored.min()))[..., None] * row
    return scores.argmax(axis=-1)


def freeze(engine: Engine, work: Iterator[Progress]) -> int:
    """Stop the process before it gets the volumes, then send them: it is asked, and never answers."""
    pid = None
    for progress in work:
        if pid is not None and not progress.detail:
            return pid  # the request is on its way
        if pid is None and progress.detail.startswith("sharing"):
            pid = engine.pid
            assert pid is not None
            os.kill(pid, signal.SIGSTOP)
    raise AssertionError("the work ended")


@pytest.mark.engine
def test_classes_are_those_of_a_hand_calculation(engine: Engine, brightness: ModelFolder, make_case: MakeCase) -> None:
    case = make_case()
    work = engine.segment(case, brightness, FLOAT32)
    seen = []
    while True:
        try:
            seen.append(next(work))
        except StopIteration as end:
            result = end.value
            break
    np.testing.assert_array_equal(result.classes, expected_classes(case))
    assert result.classes.dtype == np.uint8
    assert set(np.unique(result.classes)) == {0, 1, 2, 3}
    stages = list(dict.fromkeys(progress.stage for progress in seen))
    whole = ["starting the engine", "loading model", "preparing", "inferring", "mapping back"]
    assert stages == [stage for stage in whole if stage in stages]
    assert stages[-3:] == whole[-3:]
    done = [progress.done for progress in seen]
    assert done == sorted(done)
    assert result.device.startswith("CPU (")
    assert result.precision == "float32"
    assert result.model == "brightness 1"
    assert result.notes == ()
    assert set(result.seconds) >= {"preparing", "inferring", "mapping back"}


@pytest.mark.engine
def test_a_loaded_model_is_not_loaded_again(engine: Engine, brightness: ModelFolder, make_case: MakeCase) -> None:
    case = make_case()
    run_to_end(engine.segment(case, brightness, FLOAT32))
    again = run_to_end(engine.segment(case, brightness, FLOAT32))
    assert set(again.seconds) == {"preparing", "inferring", "mapping back"}


@pytest.mark.engine
def test_a_network_of_fixed_size_slides_over_the_volume(
    engine: Engine, model_folders: Path, make_case: MakeCase
) -> None:
    case = make_case((21, 16, 30))
    model = read_model_folder(model_folders / "windows")
    steps = []
    work = engine.segment(case, model, FLOAT32)
    while True:
        try:
            steps.append(next(work).detail)
        except StopIteration as end:
            result = end.value
            break
    np.testing.assert_array_equal(result.classes, expected_classes(case))
    assert any(detail == "window 6 of 6" for detail in steps)  # 2 along i, 1 along j, 3 along k


@pytest.mark.engine
def test_stored_scaling_and_types_do_not_matter(engine: Engine, brightness: ModelFolder, make_case: MakeCase) -> None:
    plain = make_case()
    floats = {m: volume.stored * 0.5 - 3 for m, volume in plain.volumes.items()}
    other = make_case(volumes=floats)
    first = run_to_end(engine.segment(plain, brightness, FLOAT32))
    second = run_to_end(engine.segment(other, brightness, FLOAT32))
    np.testing.assert_array_equal(first.classes, second.classes)


@pytest.mark.engine
def test_killed_at_work_it_says_so_and_the_next_call_works(
    own_engine: Engine, in_onnx: ModelFolder, make_case: MakeCase
) -> None:
    engine, case = own_engine, make_case()
    work = engine.segment(case, in_onnx, FLOAT32)
    pid = freeze(engine, work)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(EngineError, match=r"SIGKILL \(exit code -9\).*out of memory.*segment again"):
        run_to_end(work)
    assert engine.pid is None
    assert not psutil.pid_exists(pid)  # reaped, no zombie
    result = run_to_end(engine.segment(case, in_onnx, FLOAT32))
    np.testing.assert_array_equal(result.classes, expected_classes(case))
    assert engine.pid not in (None, pid)


@pytest.mark.engine
def test_cancel_kills_what_does_not_listen(own_engine: Engine, in_onnx: ModelFolder, make_case: MakeCase) -> None:
    work = own_engine.segment(make_case(), in_onnx, FLOAT32)
    process = psutil.Process(freeze(own_engine, work))
    work.close()
    assert own_engine.pid is None
    gone, _ = psutil.wait_procs([process], timeout=30)
    assert gone  # and reaped, no zombie


@pytest.mark.engine
def test_cancel_at_work_keeps_a_process_that_listens(engine: Engine, model_folders: Path, make_case: MakeCase) -> None:
    case = make_case((96, 96, 96))
    model = read_model_folder(model_folders / "windows")
    work = engine.segment(case, model, FLOAT32)
    for progress in work:
        if progress.detail.startswith("window"):
            break
    pid = engine.pid
    work.close()
    assert engine.pid == pid
    small = make_case()
    result = run_to_end(engine.segment(small, model, FLOAT32))
    np.testing.assert_array_equal(result.classes, expected_classes(small))
    assert engine.pid == pid


@pytest.mark.engine
def test_cancel_while_loading_leaves_the_process_loading(model_folders: Path, make_case: MakeCase) -> None:
    model = read_model_folder(model_folders / "brightness")
    engine = Engine()
    try:
        work = engine.segment(make_case(), model, FLOAT32)
        assert next(work).stage == "starting the engine"
        pid = engine.pid
        work.close()
        assert engine.pid == pid
    finally:
        engine.close()
        engine.close()
    assert engine.pid is None
    assert not psutil.pid_exists(pid)  # type: ignore[arg-type]


@pytest.mark.engine
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("three-channels", "has 3 output channels, its passport names 4"),
        ("lambda-keras", "Lambda layer"),
        ("lambda-h5", "Lambda layer"),
    ],
)
def test_networks_that_cannot_be_used_are_refused(
    engine: Engine, model_folders: Path, make_case: MakeCase, name: str, words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        run_to_end(engine.segment(make_case(), read_model_folder(model_folders / name), FLOAT32))
    assert engine.pid is not None  # the process lives on


@pytest.mark.engine
def test_networks_of_strangers_are_refused_before_they_compute(
    engine: Engine, tmp_path: Path, make_case: MakeCase
) -> None:
    marker = tmp_path / "marker"
    within = description(layer("up", "UpSampling3D", size=[8, 8, 8]), layer("down", "MaxPooling3D", "up", pool_size=8))
    within |= {"name": "within", "inbound_nodes": [{"args": [tensor("image")], "kwargs": {}}]}
    del within["config"]["layers"][-1]  # the convolution
    within["config"]["output_layers"] = ["down", 0, 0]
    networks = {
        "it describes more weights than the 20": description(convolution("wide", filters=2**30)),
        "turns 64×64×64 voxels into 128×128×128": description(layer("up", "UpSampling3D", size=[2, 2, 2])),
        "“up” makes 1024×1024×1024 voxels of 64×64×64": description(
            layer("up", "UpSampling3D", size=[16, 16, 16]),
            layer("down", "AveragePooling3D", "up", pool_size=[16, 16, 16]),
        ),
        "“pad” makes 1064×1064×1064 voxels": description(
            layer("pad", "ZeroPadding3D", padding=[[500, 500]] * 3), layer("crop", "Cropping3D", "pad", cropping=500)
        ),
        "“up” makes 512×512×512 voxels": description(within),
        "does not take 64×64×64 voxels": description(layer("pool", "MaxPooling3D", pool_size=[128, 128, 128])),
        "Python code": description(hostile_layers(marker)["lambda in a network"]),
        "is of the class system from os": description(hostile_layers(marker)["os.system"]),
    }
    for number, (words, config) in enumerate(networks.items()):
        for suffix in (".keras", ".h5"):
            folder = model_folder(tmp_path / f"{number}{suffix}", config, suffix)
            with pytest.raises(ModelError, match=words):
                run_to_end(engine.segment(make_case(), read_model_folder(folder), FLOAT32))
    assert not marker.exists()


@pytest.mark.engine
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_network_of_known_layers_is_the_same_in_both_formats(
    engine: Engine, tmp_path: Path, make_case: MakeCase, suffix: str
) -> None:
    config = description(layer("act", "LeakyReLU", negative_slope=0.1))
    folder = model_folder(tmp_path / "model", config if suffix == ".keras" else legacy(config), suffix)
    result = run_to_end(engine.segment(make_case(), read_model_folder(folder), FLOAT32))
    # the kernel is 8 times the identity, so that background competes with FLAIR, NCR is T1, ED T1ce, ET T2
    scores = np.zeros((*result.classes.shape, 4)) + np.array([4, 0, 0, 0])
    for channel, modality in enumerate((Modality.FLAIR, Modality.T1, Modality.T1CE, Modality.T2)):
        stored = make_case().volumes[modality].stored.astype(float)
        scores[..., channel] += 8 * (stored - stored.min()) / (stored.max() - stored.min())
    np.testing.assert_array_equal(result.classes, scores.argmax(axis=-1))


@pytest.mark.engine
def test_images_without_a_brain_are_refused_and_the_process_lives_on(
    engine: Engine, model_folders: Path, brightness: ModelFolder, make_case: MakeCase
) -> None:
    nothing = np.zeros((16, 18, 14), np.int16)
    empty = make_case(volumes=dict.fromkeys(Modality, nothing))
    with pytest.raises(ModelError, match="no brain"):
        run_to_end(engine.segment(empty, read_model_folder(model_folders / "random"), FLOAT32))
    pid = engine.pid
    run_to_end(engine.segment(make_case(), brightness, FLOAT32))
    assert engine.pid == pid


@pytest.mark.engine
def test_the_rebuilt_network_gives_what_keras_gives(engine: Engine, model_folders: Path, make_case: MakeCase) -> None:
    model = read_model_folder(model_folders / "normalised")
    case = make_case(volumes=dict(zip(model.passport.modalities, np.load(model.path / "volumes.npy"), strict=True)))
    result = run_to_end(engine.segment(case, model, FLOAT32))
    expected = np.load(model.path / "classes.npy")
    assert len(np.unique(expected)) >= 3
    assert np.mean(result.classes == expected) > 0.999


@pytest.mark.engine
def test_precisions_agree(engine: Engine, model_folders: Path, make_case: MakeCase) -> None:
    case = make_case((32, 32, 32))
    model = read_model_folder(model_folders / "random")
    exact = run_to_end(engine.segment(case, model, FLOAT32))
    rough = run_to_end(engine.segment(case, model, SegmentOptions("cpu", "bfloat16")))
    assert rough.precision == "bfloat16"
    assert np.mean(exact.classes == rough.classes) > 0.95


@pytest.mark.slow
@pytest.mark.engine
def test_precisions_agree_on_the_demonstration_case(engine: Engine, demo_folder: Path) -> None:
    from brainseg_gui.imaging.cases.case_folder import find_case
    from brainseg_gui.imaging.cases.read_case import read_case

    (folder,) = (path for path in demo_folder.iterdir() if path.is_dir())
    case = run_to_end(read_case(find_case(folder)))
    native = run_to_end(engine.segment(case, default_model(), SegmentOptions("cpu", "auto")))
    if native.precision != "bfloat16":
        pytest.skip("this processor has no bfloat16: it would take minutes, and nobody is given it")
    rough = native.classes
    exact = run_to_end(engine.segment(case, default_model(), FLOAT32)).classes
    for values in ([1, 2, 3], [1, 3], [3]):  # WT, TC, ET
        a, b = np.isin(exact, values), np.isin(rough, values)
        assert a.any()
        assert 2 * np.sum(a & b) / (a.sum() + b.sum()) > 0.97


@pytest.mark.engine
def test_the_process_ends_with_the_program(in_onnx: ModelFolder) -> None:
    script = f"""
        import os
        from pathlib import Path
        from brainseg_gui.inference.engine.engine import Engine
        from brainseg_gui.inference.models.model_folder import read_model_folder
        engine = Engine()
        engine.start(read_model_folder(Path({str(in_onnx.path)!r})))
        print(engine.pid, flush=True)
        os.kill(os.getpid(), 9)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True)
    orphan = int(done.stdout)
    if psutil.pid_exists(orphan):
        gone, _ = psutil.wait_procs([psutil.Process(orphan)], timeout=60)
        assert gone


def test_a_case_without_a_modality_starts_nothing(brightness: ModelFolder, make_case: MakeCase) -> None:
    engine = Engine()
    with pytest.raises(ModelError, match="needs T1ce, which this case lacks"):
        next(engine.segment(make_case(without=(Modality.T1CE,)), brightness, FLOAT32))
    assert engine.pid is None
    engine.close()


@pytest.mark.engine
def test_what_could_not_be_registered_is_left_out_where_the_model_can_do_without(
    own_engine: Engine, in_onnx: ModelFolder, make_case: MakeCase
) -> None:
    """It gives what a case without it gives; a model that needs it gets it, and both are told."""
    whole = make_case()
    lost = replace(whole, not_registered=(Modality.T1CE,))
    all_used, needed = (run_to_end(own_engine.segment(one, in_onnx, FLOAT32)) for one in (whole, lost))
    np.testing.assert_array_equal(needed.classes, all_used.classes)
    assert len(needed.notes) == 1
    assert "T1ce could not be registered and is used all the same" in needed.notes[0]
    passport = json.loads((in_onnx.path / "model.json").read_text())
    passport["input"]["may_be_missing"] = {"t1ce": "no core"}
    (in_onnx.path / "model.json").write_text(json.dumps(passport))
    frugal = read_model_folder(in_onnx.path)
    without = replace(whole, volumes={m: v for m, v in whole.volumes.items() if m is not Modality.T1CE})
    left_out, missing = (run_to_end(own_engine.segment(one, frugal, FLOAT32)) for one in (lost, without))
    np.testing.assert_array_equal(left_out.classes, missing.classes)
    assert (left_out.classes != all_used.classes).any()
    assert "T1ce could not be registered and is left out as if it were missing: no core." in left_out.notes[0]
    assert missing.notes == ("T1ce is missing: no core",)


def test_importing_the_engine_imports_no_network_library() -> None:
    code = "import sys, brainseg_gui.inference.engine.engine as e; print([m for m in {} if m in sys.modules])"
    names = ("tensorflow", "keras", "scipy", "nibabel", "h5py", "PySide6")
    done = subprocess.run([sys.executable, "-c", code.format(names)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_block_holds_what_was_put_in(make_case: MakeCase) -> None:
    case = make_case((5, 6, 7), {Modality.T1: np.arange(210, dtype=np.float32).reshape(5, 6, 7)[::-1]})
    block = SharedBlock.create(case.volumes, case.grid)
    assert list(block.fill(case.volumes))[-1] == 1.0
    other = SharedBlock.attach(block.layout)
    block.unlink()
    block.unlink()
    for modality, volume in other.volumes().items():
        np.testing.assert_array_equal(volume.stored, case.volumes[modality].stored)
        assert volume.stored.dtype == case.volumes[modality].stored.dtype
    other.mask[1, 2, 3] = 7
    assert block.mask[1, 2, 3] == 7
    assert block.mask.sum() == 7


def test_block_goes_to_the_disk_when_the_memory_is_full(
    make_case: MakeCase, blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = tmp_path / "full"
    full.mkdir()
    allocate = shared_block._allocate

    def refuse_in_memory(handle: int, size: int) -> None:
        if os.readlink(f"/proc/self/fd/{handle}").startswith(str(full)):
            raise OSError(28, "No space left on device")
        allocate(handle, size)

    monkeypatch.setattr(shared_block, "_allocate", refuse_in_memory)
    monkeypatch.setattr(shared_block, "FOLDERS", (full, blocks))
    case = make_case()
    block = SharedBlock.create(case.volumes, case.grid)
    assert block.layout.path.parent == blocks
    block.unlink()
    assert not list(full.iterdir())
    monkeypatch.setattr(shared_block, "FOLDERS", (full,))
    with pytest.raises(EngineError, match="no room"):
        SharedBlock.create(case.volumes, case.grid)
