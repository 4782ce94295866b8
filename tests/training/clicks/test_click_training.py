"""What the network for clicks is shown while it is trained, and the folder that it ends in."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.inference.models.head_model import CLICK_INPUTS, read_head_model
from brainseg_gui.inference.models.model_folder import default_model
from training.clicks.sittings import softened

REGIONS = slice(-9, -6)  # of the channels: features, then three regions, then six hints


def test_softened_masks_are_as_those_of_a_finer_grid() -> None:
    given = np.zeros((1, 8, 8, 8, 11), np.float32)
    given[:, 4:, ..., REGIONS] = 1
    given[..., :2], given[..., -6:] = 0.7, 0.3
    before = given.copy()
    found = softened(given, np.random.default_rng(0))
    assert (given == before).all()
    assert (found[..., :2] == np.float32(0.7)).all()
    assert (found[..., -6:] == np.float32(0.3)).all()
    edge = found[0, 3:5, 4, 4, -9]
    assert 0 < edge[0] < 0.5 < edge[1] < 1  # the border lies where it lay
    assert edge.sum() == pytest.approx(1)


@pytest.mark.engine
@pytest.mark.filterwarnings("ignore:__array__ implementation")  # of Keras' saving
def test_an_exported_run_is_a_network_for_clicks_on_the_default_features(tmp_path: Path) -> None:
    from training.clicks.network import click_network
    from training.clicks.train import NETWORK, export

    click_network(24).save(tmp_path / NETWORK)
    (tmp_path / "state.json").write_text(json.dumps({"step": 7, "files": ["a", "b"]}), encoding="utf-8")
    export(tmp_path, tmp_path / "clicks-2mm", "measured")
    passport = read_head_model(tmp_path / "clicks-2mm", "clicks").passport
    assert passport.inputs == CLICK_INPUTS
    assert passport.features_of == default_model().passport.sha256_of_whole_cases
    assert passport.trained_on.startswith("7 steps on 2 cases")
