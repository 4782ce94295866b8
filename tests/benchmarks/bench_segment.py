"""Seconds of a warm Segment beside the same work by the source recipe, in one run.

``python -m tests.benchmarks.bench_segment CASE_FOLDER`` prints them. The recipe runs in a process of its own with
random weights: its time does not depend on them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.cases import ROOT, Cases
from tests.benchmarks.rows import Row, Section

RECIPE_PARAMETERS = 2_345_924
RUNS = 5


def measure(cases: Cases) -> Section:
    """Both ways on one case: from volumes in memory, and from files."""
    found = _seconds_of(cases.one)
    recipe = found["recipe_preprocess_s"] + found["recipe_predict_warm_s"]
    ours = found["ours_segment_warm_s"]
    return Section(
        [
            Row("volumes in memory to mask, warm", ours, beside="source recipe", theirs=recipe, times=5.0),
            Row(
                "the same, its loading counted",
                ours,
                beside="source recipe",
                theirs=recipe + found["recipe_load_s"],
                times=5.0,
            ),
            Row("engine from nothing to mask", found["ours_segment_cold_s"]),
        ],
        found,
    )


def _seconds_of(case_folder: Path) -> dict[str, float]:
    """Time both ways on one case.

    Parameters
    ----------
    case_folder
        A case of 240×240×155 voxels.

    Returns
    -------
    dict
        Seconds by name (``ours_…``, ``recipe_…``), and two ratios: how many times longer the recipe takes from volumes
        in memory, and with its loading counted (ours holds the case in memory: the person is looking at it).
    """
    seconds = {**_measure_ours(case_folder), **_measure_recipe(case_folder)}
    recipe = seconds["recipe_preprocess_s"] + seconds["recipe_predict_warm_s"]
    ours = seconds["ours_segment_warm_s"]
    return {
        **seconds,
        "ratio_in_memory": recipe / ours,
        "ratio_with_loading": (recipe + seconds["recipe_load_s"]) / ours,
    }


def _measure_ours(case_folder: Path) -> dict[str, float]:
    from brainseg_gui.imaging.cases.case_folder import find_case
    from brainseg_gui.imaging.cases.read_case import read_case
    from brainseg_gui.inference.engine.engine import Engine
    from brainseg_gui.inference.models.model_folder import default_model
    from brainseg_gui.inference.options import SegmentOptions
    from brainseg_gui.progress import run_to_end

    case = run_to_end(read_case(find_case(case_folder)))
    engine, model = Engine(), default_model()
    try:
        runs, stages = [], {}
        for _ in range(1 + RUNS):
            started = time.perf_counter()
            result = run_to_end(engine.segment(case, model, SegmentOptions()))
            runs.append(time.perf_counter() - started)
            stages = {f"ours_{stage.replace(' ', '_')}_s": s for stage, s in result.seconds.items()}
    finally:
        engine.close()
    return {"ours_segment_cold_s": runs[0], "ours_segment_warm_s": float(np.median(runs[1:])), **stages}


def _measure_recipe(case_folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_segment", "--recipe", str(case_folder)]
    environment = {"KERAS_BACKEND": "tensorflow", **os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
    seconds: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


def _run_recipe(case_folder: Path) -> dict[str, float]:
    """The source recipe's way from files to a prediction; see `recipe_network` for its network."""
    from brainseg_gui.imaging.cases.case_folder import find_case
    from brainseg_gui.imaging.modality import Modality

    files = find_case(case_folder).modalities
    order = (Modality.FLAIR, Modality.T1, Modality.T1CE, Modality.T2)
    network = recipe_network()
    started = time.perf_counter()
    volumes = [_load(files[modality]) for modality in order]
    loaded = time.perf_counter()
    batch = np.stack([_preprocess(volume) for volume in volumes], axis=-1)[None].astype(np.float32)
    prepared = time.perf_counter()
    network.predict(batch, verbose=0)
    cold = time.perf_counter()
    network.predict(batch, verbose=0)
    warm = time.perf_counter()
    return {
        "recipe_load_s": loaded - started,
        "recipe_preprocess_s": prepared - loaded,
        "recipe_predict_cold_s": cold - prepared,
        "recipe_predict_warm_s": warm - cold,
    }


def _load(path: Path) -> np.ndarray[Any, Any]:
    import nibabel

    # (H, W, D) -> (D, H, W), cropped to (144, 224, 224)
    return np.moveaxis(nibabel.load(path).get_fdata(), [2, 0, 1], [0, 1, 2])[6:-5, 8:-8, 8:-8]


def _preprocess(volume: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    from scipy.ndimage import gaussian_filter, laplace

    scaled = np.round((volume - volume.min()) / (volume.max() - volume.min()), 3)
    smooth = gaussian_filter(scaled, sigma=(1, 1, 1))
    return np.asarray(smooth - 0.3 * laplace(smooth))


def recipe_network() -> Any:
    """The recipe's U-Net, 2,345,924 parameters, for (144, 224, 224, 4).

    Levels of 16, 32, 64 and 128 filters with a pooling between each two; every block is two convolutions 3×3×3 with
    ReLU, each followed by dropout. The deepest level goes through one more block of 128 filters at its own size
    (the decoder's, without up-sampling or concatenation). Each further level up-samples, concatenates the
    encoder's output of that size, and runs a block; a 1×1×1 convolution with softmax ends it.
    """
    import keras
    from keras import layers

    def block(tensor: Any, filters: int) -> Any:
        for _ in range(2):
            tensor = layers.Conv3D(filters, 3, activation="relu", padding="same")(tensor)
            tensor = layers.Dropout(0.25)(tensor)
        return tensor

    image = keras.Input((144, 224, 224, 4))
    tensor, skips = image, []
    for level in range(3):
        tensor = block(tensor, 16 * 2**level)
        skips.append(tensor)
        tensor = layers.MaxPooling3D(2)(tensor)
    tensor = block(tensor, 128)
    tensor = block(tensor, 128)
    for level in reversed(range(3)):
        tensor = layers.concatenate([layers.UpSampling3D(2)(tensor), skips[level]])
        tensor = block(tensor, 16 * 2**level)
    network = keras.Model(image, layers.Conv3D(4, 1, activation="softmax")(tensor))
    if network.count_params() != RECIPE_PARAMETERS:
        raise RuntimeError(f"the network has {network.count_params()} parameters, not {RECIPE_PARAMETERS}")
    # Keras would compile the prediction with XLA if it could; on a CPU that is slower by far.
    network.jit_compile = False
    return network


if __name__ == "__main__":
    *flags, folder = sys.argv[1:]
    report = _run_recipe(Path(folder)) if flags == ["--recipe"] else _seconds_of(Path(folder))
    sys.stdout.write(json.dumps(report, indent=None if flags else 1) + "\n")
