"""What estimates images that are missing: how it learns, its way into a model, and what training from it keeps."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.estimated import file_of, inputs_of
from brainseg_gui.inference.models.model_folder import ModelFolder, default_model, read_model_folder, shipped_models
from brainseg_gui.plain_files import read_json
from training.beside import estimated
from training.beside.estimated import fitted, main
from training.beside.files import add_estimators, pass_on_estimators, write_passport
from training.beside.finer import make_start
from training.errors import TrainingError


@pytest.fixture
def model(tmp_path: Path) -> ModelFolder:
    return read_model_folder(shutil.copytree(default_model().path, tmp_path / "model"))


def test_it_learns_what_depends_on_two_inputs_and_some_networks_do_not_look_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(estimated, "_BATCH", 64)
    monkeypatch.setattr(estimated, "_ALIKE", 1)
    rng = np.random.default_rng(0)
    inputs = rng.normal(3, 2, (6_000, 5)).astype(np.float32)
    wanted = np.where(inputs[:, 0] > 3, inputs[:, 1], 3)[:, None].astype(np.float32)
    network = fitted(inputs[:4_000], wanted[:4_000], ("itself", "mean 1", "uneven 2", "across 4", "depth"), epochs=8)
    rest = wanted[4_000:]
    missed = ((network.outputs(inputs[4_000:]) - rest) ** 2).mean() / rest.var()
    assert missed < 0.2
    looks = np.abs(network.layers[0][0]).max(axis=2) > 0  # (networks, inputs)
    assert looks.tolist() == [[True, True, uneven, across, True] for uneven, across in ((0, 0), (1, 0), (1, 1))]


def test_the_command_puts_what_it_learned_into_the_model(
    model: ModelFolder, tmp_path: Path, toy_case: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        toy_case(tmp_path / "cases", case_id=f"Toy_{number}", seed=number, spacing=(2.0, 2.0, 2.0))
    monkeypatch.setattr(estimated, "_EPOCHS", 2)
    assert main([str(model.path), "--cases", str(tmp_path / "cases"), "--images", "flair"]) == 0
    made = read_model_folder(model.path).passport.estimated
    assert made is not None
    assert list(made.files) == [Modality.FLAIR]
    assert made.expected_dice == {}  # measured of another
    assert made.mirrored == "I"
    network = file_of(3).read(model.path / made.files[Modality.FLAIR][0], made.files[Modality.FLAIR][1])
    assert network.mean.shape == (inputs_of(3),)
    assert len({one.tobytes() for one in network.layers[0][0]}) == 6  # no two of one beginning


def test_cases_without_all_images_teach_nothing(
    model: ModelFolder, tmp_path: Path, toy_case: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    toy_case(tmp_path / "cases", modalities=("t1", "t1ce", "flair"))
    before = (model.path / "model.json").read_bytes()
    assert main([str(model.path), "--cases", str(tmp_path / "cases")]) == 2
    assert "no case has all modalities" in capsys.readouterr().err
    assert (model.path / "model.json").read_bytes() == before


def test_a_network_that_is_trained_from_it_keeps_it_and_a_finer_start_does_not(
    model: ModelFolder, tmp_path: Path
) -> None:
    known = model.passport.estimated
    assert known is not None
    needs_all = next(one for one in shipped_models() if one.path.name == "synthetic-2mm")
    other = read_model_folder(shutil.copytree(needs_all.path, tmp_path / "needs all"))
    pass_on_estimators(model, other)
    assert read_model_folder(other.path).passport.estimated is None
    about = read_json(model.path / "model.json")
    tuned = Path(shutil.copytree(model.path, tmp_path / "tuned"))
    write_passport(tuned, {name: value for name, value in about.items() if name != "estimated"})
    for name, _ in known.files.values():
        (tuned / name).unlink()
    pass_on_estimators(model, read_model_folder(tuned))
    found = read_model_folder(tuned).passport.estimated
    assert found is not None
    assert found.mirrored == known.mirrored == "I"
    assert found.files == known.files
    assert found.expected_dice == {}  # the networks are others
    assert make_start(model, 1.0, (32, 32, 32), tmp_path / "start").passport.estimated is None


def test_a_model_that_needs_the_image_is_refused(tmp_path: Path, model: ModelFolder) -> None:
    known = model.passport.estimated
    assert known is not None
    network = file_of(3).read(model.path / known.files[Modality.T1][0])
    start = make_start(next(m for m in shipped_models() if m.path.name == "interim"), 2.0, (64, 80, 64), tmp_path / "x")
    with pytest.raises(TrainingError, match="the model needs T1"):
        add_estimators(start, {Modality.T1: network})
