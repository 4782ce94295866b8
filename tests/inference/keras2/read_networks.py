"""What the program computes with networks of Keras 2: ``python read_networks.py FOLDER``. Imports TensorFlow."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from brainseg_gui.inference.models.model_folder import ModelFolder, default_model
from brainseg_gui.inference.network.keras_network import open_network


def main(folder: Path) -> None:
    """Open each network beneath a folder as a model folder's, and write what comes of the image."""
    image = np.load(folder / "expected.npz")["image"]
    found = {}
    for path in sorted([*folder.glob("*.h5"), *folder.glob("*.keras")]):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        named = {"weights": path.name, "sha256": digest, "digests": {path.name: digest}}
        passport = replace(default_model().passport, divisor=8, **named)
        network = open_network(ModelFolder(folder, passport))
        found[path.name] = np.asarray(network.predict(image, verbose=0))
    np.savez(folder / "found.npz", **found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
