"""Training of the network for clicks: as a person would use it, each click answered by the network as it is by then."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from brainseg_gui.inference.models.model_folder import default_model
from brainseg_gui.storage.writing import open_derived, replacing, write_bytes
from training.clicks.network import click_loss, click_network
from training.clicks.sittings import Sitting, Sittings, softened
from training.heads.export import write_folder

NETWORK = "clicks.keras"
_STATE = "state.json"
_EVERY = 100


@dataclass(frozen=True)
class ClickTraining:
    """A training.

    Parameters
    ----------
    run
        Its folder; a training that was cut off goes on from there. A file ``stop`` in it ends it.
    files
        The cases.
    steps
        Steps in all.
    batch
        Sittings side by side.
    rate
        Learning rate at the beginning; it falls to nothing by a cosine.
    seed
        Of the sittings.
    start
        Weights to begin with; None begins with those that leave every mask as it is.
    """

    run: Path
    files: Sequence[Path]
    steps: int = 3000
    batch: int = 2
    rate: float = 1e-3
    seed: int = 0
    start: Path | None = None


def train(plan: ClickTraining) -> Any:
    """Train, or go on; returns the network."""
    plan.run.mkdir(parents=True, exist_ok=True)
    first = Sittings(plan.files, np.random.default_rng(plan.seed)).next(lambda given: given[..., :3])
    network, done = _network(plan, first.case.features.values.shape[-1])
    people = [Sittings(plan.files, np.random.default_rng((plan.seed, done, n))) for n in range(plan.batch)]
    flips = np.random.default_rng((plan.seed, done))
    losses: list[float] = []
    started = time.monotonic()
    while done < plan.steps and not (plan.run / "stop").exists():
        sittings = [person.next(lambda given: np.asarray(network.predict_on_batch(given))) for person in people]
        network.optimizer.learning_rate = plan.rate * 0.5 * (1 + np.cos(np.pi * done / plan.steps))
        losses.append(float(network.train_on_batch(*_batch(sittings, flips))))
        done += 1
        if done % _EVERY == 0 or done == plan.steps:
            _keep(network, plan, done, float(np.mean(losses)), time.monotonic() - started)
            losses, started = [], time.monotonic()
    return network


def export(run: Path, folder: Path, results: str) -> None:
    """Write the folder that the program takes for the network for clicks; it looks at the default network's features.

    Parameters
    ----------
    results
        A sentence for the passport.
    """
    about = json.loads((run / _STATE).read_text("utf-8"))
    trained_on = f"{about['step']} steps on {len(about['files'])} cases (recipe in MODEL_CARD.md)"
    network = keras.saving.load_model(run / NETWORK, compile=False)
    write_folder(
        "clicks", network, folder, trained_on, results, features_of=default_model().passport.sha256_of_whole_cases
    )


def _batch(sittings: Sequence[Sitting], rng: np.random.Generator) -> tuple[Any, Any]:
    """Inputs and what the loss compares with, mirrored at random along each axis."""
    axes = tuple(axis for axis in (1, 2, 3) if rng.random() < 0.5)
    given = [softened(sitting.given(), rng) for sitting in sittings]
    wanted = [sitting.wanted(seen) for sitting, seen in zip(sittings, given, strict=True)]
    # (1, I, J, K, C) -> (B, I, J, K, C), and (I, J, K, 7) -> (B, I, J, K, 7)
    return np.flip(np.concatenate(given), axes).copy(), np.flip(np.stack(wanted), axes).copy()


def _network(plan: ClickTraining, features: int) -> tuple[Any, int]:
    kept = plan.run / NETWORK
    network = click_network(features)
    optimiser = keras.optimizers.Adam(plan.rate, global_clipnorm=1.0)
    network.compile(optimizer=optimiser, loss=click_loss, jit_compile=False)
    if not kept.is_file():
        if plan.start is not None:
            network.load_weights(plan.start)
        return network, 0
    before = keras.saving.load_model(kept, compile=False)
    network.set_weights(before.get_weights())
    optimiser.build(network.trainable_variables)
    with np.load(plan.run / "optimiser.npz") as content:
        for variable in optimiser.variables:
            variable.assign(content[variable.path.replace("/", "|")])
    return network, int(json.loads((plan.run / _STATE).read_text("utf-8"))["step"])


def _keep(network: Any, plan: ClickTraining, done: int, loss: float, seconds: float) -> None:
    moments: dict[str, Any] = {variable.path.replace("/", "|"): variable for variable in network.optimizer.variables}
    with replacing(plan.run / "optimiser.npz", chosen=False) as temporary:
        np.savez(temporary, **moments)
    with replacing(plan.run / NETWORK, chosen=False) as temporary:
        network.save(temporary, include_optimizer=False)
    cases = [file.stem for file in plan.files]
    about = {**asdict(plan), "run": str(plan.run), "start": str(plan.start), "files": cases, "step": done}
    write_bytes(plan.run / _STATE, json.dumps(about, indent=1).encode(), chosen=False)
    with open_derived(plan.run / "events.jsonl", "ab") as stream:
        stream.write((json.dumps({"step": done, "loss": round(loss, 4), "seconds": round(seconds, 1)}) + "\n").encode())
