"""Writes the small networks of the tests. Imported when they are first needed: it imports TensorFlow."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from brainseg_gui.inference.clicks.patch import EDGE
from brainseg_gui.inference.models.head_model import CLICK_INPUTS

MODALITIES = ["flair", "t1", "t1ce", "t2"]

# One row per modality, one column per class: background wins unless an image is bright.
WEIGHTS = np.array([[0, 0, 8, 0], [0, 8, 0, 0], [0, 0, 0, 8], [0, 0, 0, 0]], dtype=np.float32)
BIAS = np.array([4, 0, 0, 0], dtype=np.float32)


def write(folder: Path, model: Any, file_name: str = "model.keras", **changes: Any) -> None:
    """Save a model and its passport; `changes` replace top-level fields."""
    folder.mkdir(parents=True)
    model.save(folder / file_name)
    passport = {
        "format": 1,
        "name": folder.name,
        "version": "1",
        "weights": file_name,
        "sha256": hashlib.sha256((folder / file_name).read_bytes()).hexdigest(),
        "framework": {"keras": keras.__version__},
        "input": {
            "modalities": MODALITIES,
            "axes": "IJKC",
            "orientation": "RAS",
            "spacing_mm": None,
            "divisor": 1,
        },
        "preprocess": [{"step": "minmax", "over": "crop", "decimals": None}],
        "output": {
            "activation": "softmax",
            "channels": ["background", "NCR", "ED", "ET"],
            "resample": "linear on the probabilities, then argmax",
        },
        "postprocess": [],
        "trained_on": "nothing",
        "results": "none",
        "licence": "Apache-2.0",
        "intended_use": "tests",
        **changes,
    }
    (folder / "model.json").write_text(json.dumps(passport))


def brightness(shape: tuple[int | None, ...] = (None, None, None), outputs: int = 4) -> Any:
    """A network of one voxel-wise layer whose classes can be worked out by hand."""
    model = keras.Sequential(
        [keras.Input((*shape, 4)), layers.Conv3D(outputs, 1, activation="softmax", name="probabilities")]
    )
    model.layers[-1].set_weights([WEIGHTS[None, None, None, :, :outputs], BIAS[:outputs]])
    return model


def write_head(folder: Path) -> None:
    """A network of whole heads that takes for brain what is brighter than 1."""
    model = keras.Sequential([keras.Input((8, 8, 8, 1)), layers.Conv3D(2, 1, activation="softmax")])
    model.layers[-1].set_weights([np.array([[[[[0.0, 9.0]]]]]), np.array([9.0, 0.0])])
    about = {"task": "brain mask", "inputs": ["image"], "outputs": ["background", "brain"], "divisor": 1}
    write(folder, model, **about)


def write_clicks(folder: Path) -> None:
    """A network for clicks that takes for a region whatever was said to be one, near where it was said."""
    model = keras.Sequential([keras.Input((EDGE, EDGE, EDGE, len(CLICK_INPUTS))), layers.Conv3D(3, 1)])
    weights = np.zeros((1, 1, 1, model.input_shape[-1], 3))
    for region in range(3):
        weights[..., 27 + region, region], weights[..., 30 + region, region] = 60.0, -60.0
    model.layers[-1].set_weights([weights, np.full(3, -10.0)])
    about = {"task": "clicks", "inputs": CLICK_INPUTS, "outputs": ["WT", "TC", "ET"], "divisor": 1}
    write(folder, model, **about, features_of="0" * 64)


def dice_coeff(truth: Any, prediction: Any) -> Any:
    """The source recipe's pooled Dice."""
    shared = ops.sum(truth * prediction)
    return (2 * shared + 1e-6) / (ops.sum(truth) + ops.sum(prediction) + 1e-6)


def dice_loss(truth: Any, prediction: Any) -> Any:
    """One minus `dice_coeff`."""
    return 1 - dice_coeff(truth, prediction)


def recipe_network(filters: int = 2) -> Any:
    """The shape of the source recipe's network at a small size: encoder, dropout, skip, softmax."""
    image = keras.Input((None, None, None, 4))
    first = layers.Dropout(0.25)(layers.Conv3D(filters, 3, activation="relu", padding="same")(image))
    deep = layers.MaxPooling3D(2)(first)
    deep = layers.Dropout(0.25)(layers.Conv3D(2 * filters, 3, activation="relu", padding="same")(deep))
    joined = layers.concatenate([layers.UpSampling3D(2)(deep), first])
    return keras.Model(image, layers.Conv3D(4, 1, activation="softmax")(joined))


def normalised_network() -> Any:
    """Group normalisations of every kind, with weights that are not those of a fresh layer."""
    tensor = image = keras.Input((None, None, None, 4))
    for groups in (2, 8, -1):
        tensor = layers.Conv3D(8, 3, padding="same")(tensor)
        tensor = layers.LeakyReLU()(layers.GroupNormalization(groups)(tensor))
    model = keras.Model(image, layers.Conv3D(4, 1, activation="softmax")(tensor))
    random = np.random.default_rng(1)
    model.set_weights([w + random.normal(0, 0.5, w.shape) for w in model.get_weights()])
    return model


def write_expected(folder: Path, model: Any) -> None:
    """Beside a model: volumes in the order of `MODALITIES`, and the classes that Keras itself gives for them."""
    volumes = np.random.default_rng(2).integers(0, 1000, (4, 16, 18, 14)).astype(np.int16)
    low, high = volumes.min(axis=(1, 2, 3), keepdims=True), volumes.max(axis=(1, 2, 3), keepdims=True)
    batch = np.moveaxis((volumes - low) / (high - low), 0, -1)[None].astype(np.float32)
    np.save(folder / "volumes.npy", volumes)
    np.save(folder / "classes.npy", np.asarray(model(batch))[0].argmax(axis=-1))


def train_two_steps(model: Any) -> Any:
    """Compile with the recipe's custom loss and metrics, and train two steps on noise."""
    random = np.random.default_rng(0)
    images = random.random((2, 8, 8, 8, 4), dtype=np.float32)
    labels = np.eye(4, dtype=np.float32)[random.integers(0, 4, (2, 8, 8, 8))]
    model.compile("adam", loss=dice_loss, metrics=["accuracy", dice_coeff])
    model.run_eagerly = True  # two steps: making a graph of them would take longer
    model.fit(images, labels, batch_size=1, epochs=1, verbose=0)
    model.run_eagerly = False
    return model


def with_lambda() -> Any:
    """A network that holds Python code."""
    image = keras.Input((None, None, None, 4))
    scaled = layers.Lambda(lambda x: x * 2, output_shape=(None, None, None, 4))(image)
    return keras.Model(image, layers.Conv3D(4, 1, activation="softmax")(scaled))


def write_models(root: Path) -> None:
    """Write all model folders."""
    keras.utils.set_random_seed(0)
    write(root / "brightness", brightness())
    write(root / "windows", brightness((16, 16, 16)))
    write_head(root / "bright-head")
    write_clicks(root / "clicks")
    normalised = normalised_network()
    write(root / "normalised", normalised)
    write_expected(root / "normalised", normalised)
    write(root / "three-channels", brightness(outputs=3))
    write(root / "lambda-keras", with_lambda())
    write(root / "lambda-h5", with_lambda(), "model.h5")
    seed = json.loads((Path(__file__).parent / "seed_passport.json").read_text())
    seed_changes = {key: seed[key] for key in ("input", "preprocess", "output", "postprocess")}
    trained = train_two_steps(recipe_network())
    kernel, bias = trained.layers[-1].get_weights()
    trained.layers[-1].set_weights([kernel, bias + np.array([0, 0, 50, 0], np.float32)])  # oedema everywhere
    write(root / "seed", trained, "model2.h5", **seed_changes)
    smooth = [{"step": "crop", "to": "brain box", "brain": "any modality above 0", "margin_voxels": 1}]
    smooth.append({"step": "zscore", "over": "brain", "outside": 0.0, "clip": None})
    smooth.append({"step": "pad", "to": "divisor", "value": 0.0, "side": "both"})
    grid = {"modalities": MODALITIES, "axes": "IJKC", "orientation": "RAS", "divisor": 2}
    write(root / "random", train_two_steps(recipe_network(8)), preprocess=smooth, input=grid)
