"""Writes `networks.zip` beside this file, networks as Keras 2 saved them: ``python write_networks.py``.

Needs TensorFlow and tf_keras (2.21 wrote those that are here), which the program itself does not install. Each network
has random weights; ``expected.npz`` holds what tf_keras computes with it for `image()`.
"""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import tf_keras as keras
from tf_keras import backend, layers

SHAPE = (8, 8, 8, 4)


def image() -> Any:
    """What every network is asked about, (1, 8, 8, 8, 4)."""
    return np.random.default_rng(0).normal(size=(1, *SHAPE)).astype(np.float32)


def conv(filters: int = 3, size: int = 3, **settings: Any) -> Any:
    """A convolution as everybody writes it."""
    return layers.Conv3D(filters, size, padding="same", **settings)


def classes(tensor: Any) -> Any:
    """The last layer."""
    return layers.Conv3D(4, 1, activation="softmax")(tensor)


def dice_coef(truth: Any, prediction: Any) -> Any:
    """The source article's metric."""
    shared = backend.sum(backend.flatten(truth) * backend.flatten(prediction))
    return (2 * shared + 1e-6) / (backend.sum(truth) + backend.sum(prediction) + 1e-6)


def dice_loss(truth: Any, prediction: Any) -> Any:
    """The source article's loss."""
    return 1 - dice_coef(truth, prediction)


def article() -> Any:
    """The source article's network at a small size, compiled and trained with its own loss and metrics."""
    start = layers.Input((*SHAPE[:3], 4))
    down = layers.Dropout(0.25)(conv(3, activation="relu", kernel_initializer="he_normal")(start))
    deep = layers.Dropout(0.25)(conv(4, activation="relu")(layers.MaxPooling3D(2)(down)))
    joined = layers.concatenate([layers.UpSampling3D(2)(deep), down])
    model = keras.Model(start, classes(conv(activation="relu")(joined)))
    model.compile(keras.optimizers.Adam(0.001), loss=dice_loss, metrics=["accuracy", dice_coef])
    model.fit(image(), np.eye(4, dtype=np.float32)[np.zeros((1, *SHAPE[:3]), int)], verbose=0)
    return model


def transposed() -> Any:
    """A U-Net of the notebooks of 2019 to 2023, for any size of image."""
    start = layers.Input((None, None, None, 4))
    down = layers.LeakyReLU(0.1)(layers.BatchNormalization()(conv()(start)))
    deep = layers.SpatialDropout3D(0.2)(conv(5, activation="elu")(layers.MaxPooling3D()(down)))
    up = layers.Conv3DTranspose(3, 2, strides=2, padding="same")(deep)
    return keras.Model(start, classes(conv()(layers.Concatenate(axis=-1)([up, down]))))


def sequential() -> Any:
    """A chain whose first layer says the shape, as Keras' guide to Sequential did."""
    return keras.Sequential([
        conv(input_shape=SHAPE, activation="relu", kernel_regularizer=keras.regularizers.l2(1e-4)),
        layers.BatchNormalization(), layers.MaxPooling3D(), layers.Conv3DTranspose(4, 3, strides=2, padding="same"),
        layers.ReLU(6.0), layers.GaussianNoise(0.1), conv(4, 1), layers.Softmax(),
    ])  # fmt: skip


def activations() -> Any:
    """Every layer of activation, and arithmetic between tensors by layers."""
    tensor = start = layers.Input(SHAPE)
    chosen = [layers.PReLU(shared_axes=[1, 2, 3]), layers.ELU(0.7), layers.ReLU(negative_slope=0.2), layers.Softmax()]
    chosen += [layers.Activation("swish"), layers.Activation("selu"), layers.LeakyReLU(), layers.Activation("tanh")]
    for chosen_one in chosen:
        tensor = layers.Add()([chosen_one(conv()(tensor)), conv()(tensor)])
    tensor = layers.Multiply()([tensor, layers.Activation("sigmoid")(conv(1, 1)(tensor))])
    tensor = layers.Maximum()([layers.Subtract()([tensor, conv()(tensor)]), layers.Average()([tensor, conv()(tensor)])])
    return keras.Model(start, classes(tensor))


def norms() -> Any:
    """Normalisations, padding and cropping, average pooling, a squeeze-and-excitation block."""
    start = layers.Input((None, None, None, 4))
    tensor = layers.Cropping3D(1)(layers.ZeroPadding3D(2)(conv(4)(start)))
    tensor = layers.Cropping3D(1)(layers.GroupNormalization(2)(layers.LayerNormalization()(tensor)))
    squeezed = layers.GlobalAveragePooling3D(keepdims=True)(tensor)
    weight = layers.Dense(4, activation="sigmoid")(layers.Dense(2, activation="relu")(squeezed))
    tensor = layers.UpSampling3D(2)(layers.AveragePooling3D(2)(layers.Multiply()([tensor, weight])))
    return keras.Model(start, classes(tensor))


def branches() -> Any:
    """Branches of equal shape whose order in the file is not that of the graph: weights must not change places."""
    start = layers.Input(SHAPE)
    parts = [conv(name=f"b{n}")(start) for n in (2, 0, 3, 1)]
    first = layers.Add()([parts[3], layers.Activation("relu")(parts[1])])
    second = layers.Subtract()([layers.Activation("tanh")(parts[0]), parts[2]])
    deep = layers.concatenate([conv(name="a")(conv(name="z")(second)), conv(name="m")(first), parts[2]])
    return keras.Model(start, classes(deep))


def nested() -> Any:
    """Networks within a network: one used twice, a chain, and one that is the last layer."""
    inner_start = layers.Input((None, None, None, 3))
    inner = keras.Model(inner_start, layers.Add()([inner_start, layers.BatchNormalization()(conv()(inner_start))]))
    chain = keras.Sequential([layers.Input((None, None, None, 3)), conv(), layers.LeakyReLU(0.3)])
    last_start = layers.Input((None, None, None, 3))
    last = keras.Model(last_start, classes(last_start))
    start = layers.Input(SHAPE)
    once = inner(conv()(start))
    return keras.Model(start, last(layers.Add()([inner(chain(once)), once])))


def shared() -> Any:
    """One layer called twice, its results joined in the other order."""
    start = layers.Input(SHAPE)
    same = conv(4)
    once = same(start)
    twice = same(layers.Activation("relu")(once))
    return keras.Model(start, classes(layers.concatenate([twice, once, start])))


def frozen() -> Any:
    """Layers that were not to be trained: their weights are kept in another order."""
    start = layers.Input(SHAPE)
    tensor = layers.BatchNormalization(trainable=False)(conv(trainable=False)(start))
    inner_start = layers.Input((None, None, None, 3))
    inner = layers.BatchNormalization()(conv(trainable=False)(inner_start))
    return keras.Model(start, classes(keras.Model(inner_start, layers.BatchNormalization()(conv()(inner)))(tensor)))


def operators() -> Any:
    """Arithmetic that was written into the network: ``a + b``, ``2 * a``, `tf.nn.relu`, `tf.concat`."""
    import tensorflow as tf

    start = layers.Input(SHAPE)
    one, two = conv()(start), conv()(start)
    tensor = tf.nn.relu(2.0 * (one + two) - one * two + 0.5) / 1.5
    tensor = tf.concat([tensor, tf.nn.sigmoid(one), two], axis=-1)
    return keras.Model(start, classes(1.0 - tensor))


def half() -> Any:
    """A network that was trained in mixed precision."""
    keras.mixed_precision.set_global_policy("mixed_float16")
    start = layers.Input(SHAPE)
    tensor = layers.BatchNormalization()(conv(activation="relu")(start))
    model = keras.Model(start, layers.Activation("softmax", dtype="float32")(conv(4, 1)(tensor)))
    keras.mixed_precision.set_global_policy("float32")
    return model


NETWORKS = (article, transposed, sequential, activations, norms, branches, nested, shared, frozen, operators, half)


def shaken(model: Any, random: Any) -> Any:
    """The model with weights that are those of no fresh layer."""
    pairs = zip(model.weights, model.get_weights(), strict=True)
    noisy = [(variable.name, value + random.normal(0, 0.3, value.shape)) for variable, value in pairs]
    model.set_weights([np.abs(value) if "variance" in name else value for name, value in noisy])
    return model


def write(folder: Path) -> None:
    """Write both kinds of file of every network, and what they compute."""
    expected, random = {"image": image()}, np.random.default_rng(1)
    for make in NETWORKS:
        backend.clear_session()
        model = shaken(make(), random)
        model.save(folder / f"{make.__name__}.h5", include_optimizer=make is article)
        model.save(folder / f"{make.__name__}.keras")
        expected[make.__name__] = model.predict(image(), verbose=0)
    np.savez(folder / "expected.npz", **expected)


def main(target: Path) -> None:
    """Write all of it into one archive: HDF5 keeps much room for nothing."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        write(Path(folder))
        for path in sorted(Path(folder).iterdir()):
            archive.write(path, path.name)


if __name__ == "__main__":
    main(Path(__file__).with_name("networks.zip"))
