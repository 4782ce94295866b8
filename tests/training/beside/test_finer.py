"""The second stage of a model: its start, its way into the model folder, and what a fine-tuned network keeps of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from brainseg_gui.errors import ModelError
from brainseg_gui.inference.models.model_folder import ModelFolder, read_model_folder, shipped_models
from brainseg_gui.inference.network.network import load_network
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.plain_files import read_json
from brainseg_gui.progress import run_to_end
from training.beside.finer import add_finer, main, make_start
from training.errors import TrainingError
from training.export import About, export_model
from training.network.start import find_model

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")  # of Keras' saving


@pytest.fixture
def model(tmp_path: Path) -> ModelFolder:
    """A network with one stage."""
    folder = next(model.path for model in shipped_models() if model.path.name == "synthetic-2mm")
    return read_model_folder(shutil.copytree(folder, tmp_path / "model"))


def test_a_start_knows_the_task_on_a_finer_grid(model: ModelFolder, tmp_path: Path) -> None:
    start = make_start(model, 1.0, (32, 32, 32), tmp_path / "start")
    assert (start.passport.spacing_mm, start.passport.patch) == ((1.0, 1.0, 1.0), (32, 32, 32))
    assert start.passport.digests == model.passport.digests
    assert start.passport.preprocess == model.passport.preprocess
    with pytest.raises(TrainingError, match="there already"):
        make_start(model, 1.0, (32, 32, 32), tmp_path / "start")


def test_both_networks_are_loaded_and_run(model: ModelFolder, tmp_path: Path) -> None:
    both = add_finer(model, make_start(model, 1.0, (32, 32, 32), tmp_path / "start"))
    network = run_to_end(load_network(both, SegmentOptions("cpu", "float32")))
    assert network.finer is not None
    assert network.finer.finer is None
    assert network.finer.bytes_per_voxel > 0


def test_a_damaged_finer_network_is_refused(model: ModelFolder, tmp_path: Path) -> None:
    both = add_finer(model, make_start(model, 1.0, (32, 32, 32), tmp_path / "start"))
    with (both.path / "finer.keras").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(ModelError, match="not those that the passport describes"):
        run_to_end(load_network(both, SegmentOptions("cpu", "float32")))


def test_a_network_that_sees_otherwise_is_refused(model: ModelFolder) -> None:
    other = next(other for other in shipped_models() if other.passport.preprocess != model.passport.preprocess)
    with pytest.raises(TrainingError, match="prepared otherwise"):
        add_finer(model, other)


def test_a_fine_tuned_network_keeps_the_finer_one_of_its_parent(model: ModelFolder, tmp_path: Path) -> None:
    from brainseg_gui.inference.network.keras_network import open_network

    where = {"near": "TC", "from_probability": 0.05, "margin_mm": 8.0}  # not the usual place
    parent = add_finer(model, make_start(model, 1.0, (32, 32, 32), tmp_path / "start"), where)
    network, recipe = open_network(parent), read_json(parent.path / "model.json")
    export_model(tmp_path / "tuned", network, network.get_weights(), recipe, About("tuned", "x", "y"), parent)
    tuned = read_model_folder(tmp_path / "tuned")
    assert tuned.passport.finer == parent.passport.finer
    assert (tuned.path / "finer.keras").read_bytes() == (parent.path / "finer.keras").read_bytes()
    export_model(tmp_path / "alone", network, network.get_weights(), recipe, About("alone", "x", "y"))
    assert read_model_folder(tmp_path / "alone").passport.finer is None


def test_who_is_killed_between_the_two_files_leaves_a_model_that_can_be_used(
    model: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = make_start(model, 1.0, (32, 32, 32), tmp_path / "start")
    both = add_finer(model, start)

    def killed(path: Path, raw: bytes, **_: object) -> None:
        path.write_bytes(raw[::-1])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("training.beside.files.write_bytes", killed)
        with pytest.raises(KeyboardInterrupt):
            add_finer(both, start)
    left = read_model_folder(both.path)
    assert left.passport.finer is None
    assert add_finer(left, start).passport == both.passport


def test_by_the_command(model: ModelFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start = tmp_path / "start"
    assert main(["start", str(model.path), "--patch", "32", "32", "32", "-o", str(start)]) == 0
    assert main(["add", str(model.path), str(start)]) == 0
    assert find_model(str(model.path)).passport.finer is not None
    assert main(["start", str(model.path), "-o", str(start)]) == 2
    assert "there already" in capsys.readouterr().err


def test_a_second_network_that_was_damaged_later_is_not_passed_on(model: ModelFolder, tmp_path: Path) -> None:
    """Its digest would be made of the damaged file, and fit for ever."""
    from training.beside.finer import pass_on_finer

    parent = add_finer(model, make_start(model, 1.0, (32, 32, 32), tmp_path / "start"))
    child = read_model_folder(shutil.copytree(model.path, tmp_path / "child"))
    raw = bytearray((parent.path / "finer.keras").read_bytes())
    raw[-1] ^= 1
    (parent.path / "finer.keras").write_bytes(raw)
    with pytest.raises(TrainingError, match="not what its passport describes"):
        pass_on_finer(parent, child)
    (parent.path / "finer.keras").unlink()
    with pytest.raises(TrainingError, match="cannot be read"):
        pass_on_finer(parent, child)
