"""The network for cases that lack a modality: its way into a model folder, and what training from it keeps."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from brainseg_gui.errors import ModelError
from brainseg_gui.inference.models.model_folder import ModelFolder, default_model, read_model_folder, shipped_models
from brainseg_gui.inference.network.keras_network import open_network
from brainseg_gui.inference.network.network import LoadedNetwork, load_network
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.plain_files import read_json
from brainseg_gui.progress import run_to_end
from training.beside.files import write_passport
from training.beside.finer import make_start
from training.beside.incomplete import add_incomplete, main
from training.errors import TrainingError
from training.export import About, export_model

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")  # of Keras' saving
CPU = SegmentOptions("cpu", "float32")


def _shipped(name: str) -> ModelFolder:
    return next(model for model in shipped_models() if model.path.name == name)


@pytest.fixture
def model(tmp_path: Path) -> ModelFolder:
    """The default, with another network for incomplete cases."""
    return add_incomplete(
        read_model_folder(shutil.copytree(default_model().path, tmp_path / "model")), _shipped("synthetic-2mm")
    )


def test_it_is_loaded_when_a_case_first_needs_it(model: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LoadedNetwork, "warm_up", lambda *_: None)  # at full size, which takes seconds
    network = run_to_end(load_network(model, CPU))
    other = run_to_end(network.for_incomplete())
    assert other is not network
    assert run_to_end(network.for_incomplete()) is other
    assert run_to_end(other.for_incomplete()) is other
    wanted = open_network(_shipped("synthetic-2mm")).get_weights()
    assert all((one == two).all() for one, two in zip(other._original.get_weights(), wanted, strict=True))
    alone = run_to_end(load_network(_shipped("synthetic-2mm"), CPU))
    assert run_to_end(alone.for_incomplete()) is alone


def test_a_damaged_one_is_refused_when_it_is_needed(model: ModelFolder) -> None:
    with (model.path / "incomplete.keras").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(ModelError, match="not those that the passport describes"):
        run_to_end(run_to_end(load_network(model, CPU)).for_incomplete())


def test_what_does_not_fit_is_refused(model: ModelFolder, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="prepared otherwise"):
        add_incomplete(model, _shipped("interim"))
    with pytest.raises(TrainingError, match="another grid"):
        add_incomplete(model, make_start(model, 1.0, (32, 32, 32), tmp_path / "start"))
    start = make_start(_shipped("synthetic-2mm"), 2.0, (64, 80, 64), tmp_path / "needs all")
    with pytest.raises(TrainingError, match="needs all modalities"):
        add_incomplete(start, model)


def test_a_fine_tuned_network_keeps_it_and_a_finer_start_does_not(model: ModelFolder, tmp_path: Path) -> None:
    network, recipe = open_network(model), read_json(model.path / "model.json")
    recipe["incomplete"]["expected_dice"] = {"WT": {"overlap": [0.5, 0.9], "dice": [0.3, 0.8], "error": 0.1}}
    write_passport(model.path, recipe)
    model = read_model_folder(model.path)
    assert model.passport.incomplete is not None
    assert model.passport.incomplete.expected_dice.keys() == {"WT"}
    export_model(tmp_path / "tuned", network, network.get_weights(), recipe, About("tuned", "x", "y"), model)
    tuned = read_model_folder(tmp_path / "tuned").passport
    assert tuned.incomplete == model.passport.incomplete
    assert tuned.finer == model.passport.finer
    assert make_start(model, 1.0, (32, 32, 32), tmp_path / "start").passport.incomplete is None


def test_by_the_command(model: ModelFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = shutil.copytree(default_model().path, tmp_path / "copy")
    assert main([str(copy), str(model.path)]) == 0
    assert read_model_folder(copy).passport.incomplete is not None
    assert main([str(copy), str(_shipped("interim").path)]) == 2
    assert "prepared otherwise" in capsys.readouterr().err
