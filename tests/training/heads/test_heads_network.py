"""The network of heads: what it begins with, and how finely it draws."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.runs.config import Network

pytestmark = [pytest.mark.engine, pytest.mark.filterwarnings("ignore:__array__ implementation")]  # of Keras' saving


def tiny(finish: int) -> Any:
    from training.network.unet import patch_unet

    return patch_unet(Network(levels=2, filters=4, max_filters=8), (8, 8, 8, 1), 2, finish)


def test_a_network_takes_over_the_weights_of_layers_that_have_kept_their_shape(tmp_path: Path) -> None:
    from training.heads.train import take_over

    older, network = tiny(finish=4), tiny(finish=6)
    older.save(tmp_path / "model.keras")
    before = network.get_layer("finish_1").get_weights()
    take_over(network, tmp_path / "model.keras")
    for name in ("patches", "encoder_0_1", "decoder_0_2"):
        pairs = zip(older.get_layer(name).get_weights(), network.get_layer(name).get_weights(), strict=True)
        assert all(np.array_equal(one, other) for one, other in pairs)
    assert np.array_equal(before[0], network.get_layer("finish_1").get_weights()[0])


def test_the_image_itself_reaches_the_layers_that_draw_the_edge() -> None:
    """What the patches tell is silenced: the answer still follows the image, voxel by voxel."""
    network = tiny(finish=4)
    silent = network.get_layer("taken_apart")
    silent.set_weights([np.zeros_like(weight) for weight in silent.get_weights()])
    image = np.zeros((1, 8, 8, 8, 1), np.float32)
    image[0, 4, 4, 4] = 3.0
    answer = np.asarray(network(image))[0, ..., 1]
    assert np.unique(answer[3:6, 3:6, 3:6].round(6)).size > 8
