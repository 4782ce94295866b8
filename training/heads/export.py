"""Write the model folder of a run, finished or not: `python -m training.heads.export brain --run FOLDER --out FOLDER`.

With `--held FOLDER` it also tells how good the network is on painted heads that were held back.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from brainseg_gui.errors import BrainsegError
from brainseg_gui.inference.engine.environment import prepare_environment
from brainseg_gui.inference.models.head_model import INPUTS, OUTPUTS, HeadTask
from brainseg_gui.storage.writing import write_text
from training.errors import TrainingError
from training.recipe import KERAS_FILE

_TASKS: Mapping[str, HeadTask] = {"brain": "brain mask", "contrast": "contrast", "clicks": "clicks"}
_DIVISORS: Mapping[HeadTask, int] = {"brain mask": 16, "contrast": 1, "clicks": 1}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a folder, and scores to standard output; 0 when done, 2 when something given is at fault."""
    parser = argparse.ArgumentParser(prog="python -m training.heads.export", description=__doc__)
    add = parser.add_argument
    add("task", choices=("brain",), help="what the network tells")
    add("--run", type=Path, required=True, help="folder of the run")
    add("--out", type=Path, required=True, help="model folder to write")
    add("--held", type=Path, help="folder of painted heads that were held back")
    add("--results", default="not measured", help="a sentence for the passport")
    given = parser.parse_args(arguments)
    prepare_environment()
    try:
        network, steps = trained_network(given.task, given.run)
        trained_on = f"painted heads only (SynthSeg anatomies 01-17), {steps} steps of each process"
        write_folder(given.task, network, given.out, trained_on, given.results)
        if given.held and given.task == "brain":
            from training.heads.measure import measure, summary

            def predict(image: Any) -> Any:
                return network.predict(image[None, ..., None], verbose=0)[0, ..., 1]

            sys.stdout.write(summary(measure(given.held, predict)) + "\n")
    except BrainsegError as error:
        sys.stderr.write(f"brainseg: {error}\n")
        return 2
    return 0


def trained_network(task: str, run: Path) -> tuple[Any, int]:
    """The network with the mean of its weights over the last steps of the newest checkpoint, and the steps done.

    Raises
    ------
    TrainingError
        If there is no checkpoint.
    """
    from training.checkpoint import averaged_weights, latest_checkpoint
    from training.heads.train import TASKS, compiled

    found = latest_checkpoint(run / "checkpoints-0")
    if found is None:
        raise TrainingError("there is no checkpoint yet", "Train first", run)
    network = TASKS[task].build()
    model = compiled(TASKS[task], network, steps=1, checkpoint=found)
    with averaged_weights(model):
        network.set_weights(model.get_weights())
    return network, found.position.step


def write_folder(task: str, network: Any, folder: Path, trained_on: str, results: str, **more: str) -> None:
    """Write weights and passport; what only one task has in its passport is given as `more`."""
    from training.export import framework_versions

    told = _TASKS[task]
    folder.mkdir(parents=True, exist_ok=True)
    network.save(folder / KERAS_FILE)
    passport = {
        "format": 1,
        "name": folder.name,
        "version": "0.1",
        "weights": KERAS_FILE,
        "sha256": hashlib.sha256((folder / KERAS_FILE).read_bytes()).hexdigest(),
        "task": told,
        "inputs": INPUTS[told],
        "outputs": OUTPUTS[told],
        "divisor": _DIVISORS[told],
        **more,
        "framework": dict(framework_versions()),
        "licence": "Apache-2.0, as this project; see its NOTICE",
        "trained_on": trained_on,
        "results": results,
        "intended_use": "research; not a medical device",
    }
    write_text(folder / "model.json", json.dumps(passport, indent=1, ensure_ascii=False), chosen=False)


if __name__ == "__main__":
    sys.exit(main())
