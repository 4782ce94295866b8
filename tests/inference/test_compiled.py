"""Networks of one description share what is compiled, and none takes the other's weights for its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from brainseg_gui.inference.network.devices import cpu_device
from brainseg_gui.inference.network.network import LoadedNetwork

BATCH = np.random.default_rng(0).random((1, 6, 4, 8, 2)).astype(np.float32)


def network(seed: int, filters: int = 4) -> Any:
    keras.utils.set_random_seed(seed)
    image = keras.Input((None, None, None, 2), name="image")
    inner = keras.layers.Conv3D(filters, 3, padding="same", activation="relu", name="inner")(image)
    inner = keras.layers.GroupNormalization(2, name="norm")(inner)
    answer = keras.layers.Conv3D(3, 1, activation="softmax", dtype="float32", name="answer")(inner)
    return keras.Model(image, answer, name="toy")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_two_networks_of_one_description_answer_each_with_its_own_weights(precision: str) -> None:
    first = LoadedNetwork(network(1), cpu_device(), precision)
    second = LoadedNetwork(network(2), cpu_device(), precision, like=first)
    alone = LoadedNetwork(network(2), cpu_device(), precision)
    before = first.predict(BATCH)
    assert second._compiled is first._compiled
    np.testing.assert_array_equal(second.predict(BATCH), alone.predict(BATCH))
    np.testing.assert_array_equal(first.predict(BATCH), before)
    assert np.abs(before - second.predict(BATCH)).max() > 0.01
    for ours, theirs in zip(second.predict_with_features(BATCH), alone.predict_with_features(BATCH), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_weights_that_one_takes_later_leave_the_other_as_it_is() -> None:
    first = LoadedNetwork(network(1), cpu_device(), "float32")
    second = LoadedNetwork(network(2), cpu_device(), "float32", like=first)
    before = second.predict(BATCH)
    first.take_weights(network(3).get_weights())
    np.testing.assert_array_equal(second.predict(BATCH), before)
    np.testing.assert_allclose(first.predict(BATCH), np.asarray(network(3)(BATCH)), atol=1e-5)


def test_nothing_is_shared_with_another_description_or_precision() -> None:
    first = LoadedNetwork(network(1), cpu_device(), "float32")
    assert LoadedNetwork(network(2, filters=8), cpu_device(), "float32", like=first)._compiled is not first._compiled
    second = LoadedNetwork(network(2), cpu_device(), "bfloat16", like=first)
    assert second._compiled is not first._compiled
    second.compute_in_float32()
    assert second._compiled is first._compiled


@pytest.mark.parametrize("policy", ["float16", "bfloat16", "float64"])
def test_a_network_that_was_saved_in_another_precision_runs(policy: str) -> None:
    keras.config.set_dtype_policy(policy)
    try:
        saved = network(1)
    finally:
        keras.config.set_dtype_policy("float32")
    plain = network(1)
    plain.set_weights([np.asarray(weight, np.float32) for weight in saved.get_weights()])
    answer = LoadedNetwork(saved, cpu_device(), "float32").predict(BATCH)
    np.testing.assert_allclose(answer, np.asarray(plain(BATCH)), atol=1e-5)


def test_the_precision_that_was_asked_for_stays_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = replace(cpu_device(), has_bfloat16=True)
    monkeypatch.setattr("brainseg_gui.inference.network.network.cpu_device", lambda: cpu)
    asked = LoadedNetwork(network(1), cpu, "float32")
    asked.device = replace(cpu, keras_name="gpu:0")
    assert asked.move_to_cpu()
    assert (asked.device, asked.precision) == (cpu, "float32")
