"""Networks of whole heads: their passports, and the engine that runs them beside those that segment tumours."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.errors import EngineError, ModelError
from brainseg_gui.imaging.case import Case
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.inference.models.head_model import HeadModel, read_head_model
from brainseg_gui.inference.models.model_folder import read_model_folder
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.progress import run_to_end

FLOAT32 = SegmentOptions(device="cpu", precision="float32")


def test_a_network_for_clicks_names_the_network_whose_features_it_sees(model_folders: Path, tmp_path: Path) -> None:
    assert read_head_model(model_folders / "clicks", "clicks").passport.features_of == "0" * 64
    assert read_head_model(model_folders / "bright-head", "brain mask").passport.features_of == ""
    with pytest.raises(ModelError, match="features_of"):
        read_head_model(changed(model_folders / "clicks", tmp_path / "clicks", features_of=3), "clicks")


@pytest.fixture
def bright_head(model_folders: Path) -> HeadModel:
    return read_head_model(model_folders / "bright-head", "brain mask")


def changed(folder: Path, target: Path, **changes: object) -> Path:
    shutil.copytree(folder, target)
    passport = json.loads((target / "model.json").read_text())
    (target / "model.json").write_text(json.dumps(passport | changes))
    return target


def test_a_network_of_heads_is_not_taken_for_one_that_segments_tumours_nor_the_other_way(model_folders: Path) -> None:
    with pytest.raises(ModelError, match=r"task “brain mask”, not “tumour”.*Choose a model that segments tumours"):
        read_model_folder(model_folders / "bright-head")
    with pytest.raises(ModelError, match="task"):
        read_head_model(model_folders / "brightness", "brain mask")
    with pytest.raises(ModelError, match="task “brain mask”, not “contrast”"):
        read_head_model(model_folders / "bright-head", "contrast")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 2}, "another format"),
        ({"outputs": ["brain", "background"]}, "needs image for inputs and background, brain for outputs"),
        ({"inputs": ["t1"]}, "needs image for inputs"),
        ({"sha256": "0"}, "64 hexadecimal digits"),
        ({"weights": "../model.keras"}, "no .keras or .h5 file of its folder"),
        ({"weights": "other.keras"}, "other.keras are missing"),
    ],
)
def test_what_a_passport_says_wrongly_is_named(
    changes: dict[str, object], words: str, model_folders: Path, tmp_path: Path
) -> None:
    folder = changed(model_folders / "bright-head", tmp_path / "head", **changes)
    with pytest.raises(ModelError, match=words):
        read_head_model(folder, "brain mask")


@pytest.mark.parametrize("content", ["{", "[]", None])
def test_a_passport_that_is_none_is_named(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "model.json").write_text(content)
    words = "there is no network for the task “brain mask”.*Put" if content is None else "Copy the folder again"
    with pytest.raises(ModelError, match=words):
        read_head_model(tmp_path, "brain mask")


@pytest.mark.engine
def test_the_engine_runs_a_network_of_heads_and_one_of_tumours_in_turn(
    engine: Engine, bright_head: HeadModel, model_folders: Path, make_case: Callable[..., Case]
) -> None:
    batch = np.random.default_rng(3).uniform(0.0, 2.0, (1, 8, 8, 8, 1)).astype(np.float32)
    for _ in range(2):
        output = run_to_end(engine.predict(bright_head, batch, FLOAT32))
        assert np.array_equal(output[..., 1] > 0.5, batch[..., 0] > 1.0)
        run_to_end(engine.segment(make_case(), read_model_folder(model_folders / "brightness"), FLOAT32))


@pytest.mark.engine
def test_a_batch_that_the_network_does_not_take_fails_in_words_and_the_next_one_works(
    engine: Engine, bright_head: HeadModel
) -> None:
    with pytest.raises(EngineError, match="Nothing of the case is lost"):
        run_to_end(engine.predict(bright_head, np.zeros((1, 8, 8, 8, 3), np.float32), FLOAT32))
    assert run_to_end(engine.predict(bright_head, np.zeros((1, 8, 8, 8, 1), np.float32), FLOAT32)).shape[-1] == 2


@pytest.mark.engine
def test_a_prediction_that_is_given_up_leaves_the_engine_free(engine: Engine, bright_head: HeadModel) -> None:
    work = engine.predict(bright_head, np.zeros((1, 8, 8, 8, 1), np.float32), FLOAT32)
    next(work)
    work.close()
    one = np.full((1, 8, 8, 8, 1), 2.0, np.float32)
    assert (run_to_end(engine.predict(bright_head, one, FLOAT32))[..., 1] > 0.5).all()
