"""What a process that runs a network needs to hear before TensorFlow is imported."""

from __future__ import annotations

import os

NETWORK_ENVIRONMENT = {
    # TensorFlow takes oneDNN's convolutions by itself only where the processor has AVX-512 VNNI or the like. With AVX2
    # alone a pass took twice as long without them, and a training step four times. Other builds do not read it.
    "TF_ENABLE_ONEDNN_OPTS": "1",
    # Preparing has threads of its own; those of OpenBLAS would spin for the same cores.
    "OPENBLAS_NUM_THREADS": "1",
}


def prepare_environment() -> None:
    """Set it for this process and those that it starts; what a person has set stays."""
    for name, value in NETWORK_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
