"""The network for clicks through the engine: features once for a case, a patch for each click."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from brainseg_gui.annotation.tools.click_answers import BY_IMAGES, BY_NETWORK, answered
from brainseg_gui.errors import ModelError
from brainseg_gui.imaging.box import whole_box
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.hints import Hint, distance_mm
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.clicks import click_network
from brainseg_gui.inference.clicks.click_network import ClickNetwork, shipped_click_network
from brainseg_gui.inference.clicks.mender_file import MENDER, read_mender, shipped_mender
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.inference.models.head_model import CLICK_INPUTS, head_model, read_head_model
from brainseg_gui.inference.models.model_folder import ModelFolder, default_model
from brainseg_gui.progress import run_to_end
from tests.shipped import needs_all_modalities
from training.clicks.mender import name_in_passport, save_mender

SHAPE = (40, 36, 32)
AT = (20, 18, 16)


@pytest.fixture
def network(engine: Engine, model_folders: Path) -> ClickNetwork:
    """The default model's features, and a network that takes what is said for the truth where it is said."""
    return _network(engine, default_model(), model_folders)


def _network(engine: Engine, features: ModelFolder, model_folders: Path) -> ClickNetwork:
    return ClickNetwork(engine, features, read_head_model(model_folders / "clicks", "clicks"), None)


def empty(case: Case) -> np.ndarray:
    return np.zeros(case.grid.shape, np.uint8)


@pytest.mark.engine
def test_features_are_what_the_network_for_clicks_takes(engine: Engine, make_case: Callable[..., Case]) -> None:
    features = run_to_end(engine.features(make_case(SHAPE), default_model()))
    assert features.values.shape == (20, 18, 16, 24)
    assert features.values.shape[-1] + 9 == len(CLICK_INPUTS)
    assert np.isfinite(features.values).all()
    probabilities = features.values[..., 16:20].astype(float)
    assert np.allclose(probabilities.sum(axis=-1), 1, atol=0.01)


@pytest.mark.engine
def test_a_click_is_answered_on_the_case_grid_and_features_are_made_once(
    network: ClickNetwork, make_case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make_case(SHAPE)
    values = empty(case)
    answer = run_to_end(answered(case, values, case.scheme, [Hint("TC", True, (AT,))], network))
    assert answer.by == BY_NETWORK
    assert answer.change is not None
    after = values.copy()
    np.copyto(after[answer.change.slab], answer.change.labels, where=answer.change.mask)
    assert after[AT] == 1  # core, and nothing said of enhancement
    distance = np.linalg.norm(np.argwhere(after) - AT, axis=1)
    assert 4 < distance.max() < 12  # near where it was said
    monkeypatch.setattr(Engine, "features", None)  # it would be called for another case
    far = (8, 8, 8)
    again = run_to_end(answered(case, values, case.scheme, [Hint("WT", True, (far,))], network))
    assert again.by == BY_NETWORK
    mended = run_to_end(answered(case, after, case.scheme, [Hint("WT", False, (AT,))], network))
    assert mended.by == BY_IMAGES  # nobody else mends here


@pytest.mark.engine
def test_what_no_network_knows_and_a_case_without_a_modality_are_answered_by_the_images(
    engine: Engine, model_folders: Path, make_case: Callable[..., Case]
) -> None:
    network = _network(engine, needs_all_modalities(), model_folders)
    whole = make_case(SHAPE)
    for region, case in (("NCR", whole), ("WT", make_case(SHAPE, without=(Modality.T1CE,)))):
        hint = Hint(region, True, (AT,))
        assert run_to_end(answered(case, empty(case), case.scheme, [hint], network)).by == BY_IMAGES


@pytest.mark.engine
def test_the_shipped_network_begins_a_lesion_of_the_demonstration_case(engine: Engine, demo_folder: Path) -> None:
    network = shipped_click_network(engine)
    assert network is not None  # and it looks at the features of the default network
    case = run_to_end(read_case(find_case(demo_folder)))
    assert case.reference is not None
    wanted = case.reference.values > 0
    i, j, k = np.unravel_index(distance_transform_edt(wanted).argmax(), wanted.shape)
    values = empty(case)
    at = (int(i), int(j), int(k))
    answer = run_to_end(answered(case, values, case.scheme, [Hint("WT", True, (at,))], network))
    assert answer.by == BY_NETWORK
    assert answer.change is not None
    np.copyto(values[answer.change.slab], answer.change.labels, where=answer.change.mask)
    assert 2 * np.count_nonzero((values > 0) & wanted) > 0.6 * (np.count_nonzero(values) + np.count_nonzero(wanted))
    et = case.scheme.value_for("ET")
    found, enhancing = values == et, case.reference.values == et
    overlap = 2 * np.count_nonzero(found & enhancing) / (np.count_nonzero(found) + np.count_nonzero(enhancing))
    assert overlap > 0.78  # by the tissues at 1 mm; .74 by those at 2 mm


@pytest.mark.engine
def test_the_shipped_network_takes_a_false_island_away_and_leaves_the_rest(engine: Engine, demo_folder: Path) -> None:
    network = shipped_click_network(engine)
    case = run_to_end(read_case(find_case(demo_folder)))
    assert case.reference is not None
    values = case.reference.values.copy(order="F")
    i, j, k = np.argwhere(values > 0).mean(axis=0).round().astype(int).tolist()
    at = (values.shape[0] - 1 - i, j, k)  # on the healthy side
    island = (distance_mm([at], whole_box(values.shape), case.grid.spacing_mm) <= 5) & (values == 0)
    before = values.copy()
    values[island] = case.scheme.value_for("ED")
    answer = run_to_end(answered(case, values, case.scheme, [Hint("WT", False, (at,))], network))
    assert answer.by == BY_NETWORK
    assert answer.change is not None
    np.copyto(values[answer.change.slab], answer.change.labels, where=answer.change.mask)
    assert np.count_nonzero(values[island]) < 0.2 * np.count_nonzero(island)
    assert (values[~island] == before[~island]).all()


def test_a_damaged_file_of_what_mends_leaves_the_images_to_do_it_and_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, make_case: Callable[..., Case]
) -> None:
    shipped = head_model("clicks")
    folder = shutil.copytree(shipped.path, tmp_path / "clicks-2mm")
    monkeypatch.setattr(click_network, "head_model", lambda task: read_head_model(folder, task))
    network = shipped_click_network(Engine())  # never started
    assert network is not None
    assert network.fault is None
    (folder / MENDER).write_bytes((folder / MENDER).read_bytes()[:-1] + b"x")
    network = shipped_click_network(Engine())
    assert network is not None
    assert network.fault is not None
    assert network.fault.path == folder / MENDER
    assert "Install the program again" in caplog.text
    with pytest.raises(ModelError, match="damaged"):
        next(network.mended(make_case(SHAPE), {}, [Hint("WT", True, (AT,))]))


def test_the_passport_names_the_file_that_training_writes_beside_it(tmp_path: Path) -> None:
    folder = shutil.copytree(head_model("clicks").path, tmp_path / "clicks-2mm")
    mender = read_mender(folder / MENDER)
    save_mender(replace(mender, mean=mender.mean + 1), folder / MENDER)
    with pytest.raises(ModelError, match="another file"):
        shipped_mender(folder, read_head_model(folder, "clicks").passport.mender_sha256)
    name_in_passport(folder / MENDER)
    assert shipped_mender(folder, read_head_model(folder, "clicks").passport.mender_sha256) is not None
    about = json.loads((folder / "model.json").read_text("utf-8"))
    before = json.loads((head_model("clicks").path / "model.json").read_text("utf-8"))
    assert {key for key in about if about[key] != before[key]} == {"mender_sha256"}
