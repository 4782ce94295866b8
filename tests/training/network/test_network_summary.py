"""The summary before a run against the network that Keras builds."""

from __future__ import annotations

import pytest

from brainseg_gui.runs.config import Network
from brainseg_gui.runs.network_summary import summarise

NETWORKS = (
    Network(),
    Network(kind="seed", normalisation="none", dropout=0.25),
    Network(normalisation="batch", levels=3, filters=6),
    Network(normalisation="none", levels=2, filters=5, kernel=5),
    Network(normalisation="instance", levels=5, filters=8, max_filters=20, kernel=1),
    Network(kind="seed", levels=3, filters=4, kernel=5, max_filters=2),
)


def test_the_article_s_network() -> None:
    assert summarise(NETWORKS[1]).parameters == 2_345_924


@pytest.mark.engine
@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_the_summary_is_that_of_the_network(network: Network) -> None:
    import keras

    from training.network.unet import build_network, receptive_field

    model = build_network(network, (None, None, None, 4))
    summary = summarise(network)
    assert summary.parameters == model.count_params()
    assert summary.convolutions == sum(isinstance(layer, keras.layers.Conv3D) for layer in model.layers)
    assert summary.receptive_field == receptive_field(model)
