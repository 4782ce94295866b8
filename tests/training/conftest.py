"""Small cohorts and small networks for the tests of training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.config_file import read_preset, with_changes

MakeCohort = Callable[..., Path]
MakeConfig = Callable[..., TrainingConfig]


@pytest.fixture
def cohort(tmp_path: Path, toy_case: Callable[..., Path]) -> MakeCohort:
    """A function that writes toy cases into a folder of the test; `shape` is right, anterior, superior."""

    def make(
        count: int = 4, name: str = "cases", prefix: str = "Toy", first: int = 0, shape: tuple[int, ...] = (24, 28, 20)
    ) -> Path:
        folder = tmp_path / name
        for number in range(first, first + count):
            toy_case(folder, case_id=f"{prefix}_{number:03}", shape=shape, seed=number)
        return folder

    return make


@pytest.fixture
def tiny_config(tmp_path: Path) -> MakeConfig:
    """A function that makes a configuration of seconds: a network of 1,300 parameters, patches of 16³, float32."""

    def make(cases: Path, preset: str = "default", **changes: str) -> TrainingConfig:
        small = {
            "data.train": f'["{cases}"]',
            "data.cache": str(tmp_path / "cache"),
            "data.split": "0.25",
            "network.levels": "2",
            "network.filters": "4",
            "sampling.patch": "[16, 16, 16]",
            "length.epochs": "2",
            "length.steps_per_epoch": "10",
            "length.checkpoint_every": "5",
            "optimiser.warmup_steps": "2",
            "optimiser.learning_rate": "0.01",
            "compute.precision": "float32",
            "compute.device": "cpu",
        }
        return with_changes(read_preset(preset), small | {k.replace("__", "."): v for k, v in changes.items()})

    return make
