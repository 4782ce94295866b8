"""Whole runs through the real process: `python -P -m training RUN_FOLDER`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import psutil
import pytest

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.inference.models.model_folder import read_model_folder
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.progress import run_to_end
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.events import Event
from brainseg_gui.runs.force_stop import stop_now
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.runs.run_status import RunStatus
from training.data.cache import Cache
from training.data.cases import check_data
from training.recipe import recipe_of

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

MakeCohort = Callable[..., Path]
MakeConfig = Callable[..., TrainingConfig]
FLOAT32 = SegmentOptions(device="cpu", precision="float32")


@pytest.fixture
def launched() -> Iterator[list[int]]:
    """Process ids of trainers; whatever still runs is killed."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(pid).kill()


def wait_for(folder: RunFolder, pid: int, reached: Callable[[list[Event]], bool]) -> bool:
    """Wait until the events say so; False when the process ended before."""
    process = psutil.Process(pid)
    while not reached(folder.events()):
        try:
            process.wait(timeout=0.02)
        except psutil.TimeoutExpired:
            continue
        return reached(folder.events())
    return True


def run_to_the_end(folder: RunFolder, *, code: int = 0) -> None:
    command = [sys.executable, "-P", "-m", "training", str(folder.path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400)
    assert done.returncode == code, done.stderr[-3000:]


def of_kind(folder: RunFolder, kind: str) -> list[Event]:
    return [event for event in folder.events() if event.kind == kind]


@pytest.mark.slow
def test_a_run_survives_kill_9_and_its_model_gives_the_trainers_own_mask(
    cohort: MakeCohort, tiny_config: MakeConfig, tmp_path: Path, launched: list[int], engine: Engine
) -> None:
    cases = cohort(4)
    length = {"length__epochs": "3", "length__steps_per_epoch": "40", "length__checkpoint_every": "4"}
    config = tiny_config(cases, compute__average_weights="0.5", **length)
    folder = RunFolder.create(tmp_path / "run", config)
    launched.append(folder.launch())
    assert wait_for(folder, launched[0], lambda events: any(e.values.get("step", 0) >= 58 for e in events))
    os.kill(launched[0], signal.SIGKILL)
    psutil.Process(launched[0]).wait(20)
    assert folder.status() is RunStatus.DIED
    before = of_kind(folder, "step")
    assert 58 <= before[-1].values["step"] < 80, "the kill came too late to be in mid-epoch"
    saved = of_kind(folder, "checkpoint")[-1].values["step"]
    assert saved > 40

    run_to_the_end(folder)
    assert folder.status() is RunStatus.FINISHED
    steps = [event.values["step"] for event in of_kind(folder, "step")]
    resumed = of_kind(folder, "started")[-1].values["resumed_from"]
    assert resumed >= saved
    assert steps[: len(before)] == list(range(1, len(before) + 1))
    assert steps[len(before) :] == list(range(resumed + 1, 121))
    _check_that_repeated_steps_agree(before, of_kind(folder, "step")[len(before) :])
    assert len(of_kind(folder, "estimated")) == 2, "what it is going to need is told again"
    losses = [event.values["metrics"]["loss"] for event in of_kind(folder, "epoch")]
    assert len(losses) == 3
    assert losses[2] < losses[1] < losses[0]
    _check_the_model(folder, cases, engine)


def _check_that_repeated_steps_agree(before: list[Event], after: list[Event]) -> None:
    """The steps that were lost are taken again, with the same batches, weights, dropout and learning rate."""
    first = {event.values["step"]: event.values for event in before}
    for values in (event.values for event in after if event.values["step"] in first):
        earlier = first[values["step"]]
        assert values["learning_rate"] == pytest.approx(earlier["learning_rate"], rel=1e-6)
        assert values["loss"] == pytest.approx(earlier["loss"], rel=1e-2)


def _check_the_model(folder: RunFolder, cases: Path, engine: Engine) -> None:
    model = read_model_folder(folder.model)
    assert model.passport.name == "my-model"
    epochs = {event.values["epoch"]: event.values["metrics"]["val_dice_mean"] for event in of_kind(folder, "epoch")}
    best = max(epochs, key=lambda epoch: epochs[epoch])
    told = of_kind(folder, "model")[-1].values
    assert (told["epoch"], told["step"], told["judged_by"]) == (best, 40 * best, "val_dice_mean")
    validated = next(e.values for e in of_kind(folder, "validated") if e.values["epoch"] == best)
    assert (folder.path / validated["picture"]).read_bytes().startswith(b"\x89PNG")
    case = run_to_end(read_case(find_case(cases / validated["case"])))
    result = run_to_end(engine.segment(case, model, FLOAT32))
    from training.evaluate import dice_of, mask_digest

    assert case.reference is not None
    assert dice_of(case.reference, result.classes) == pytest.approx(validated["dice"])
    assert mask_digest(result.classes) == validated["digest"]
    assert validated["dice"]["WT"] > 0.3


@pytest.mark.slow
def test_a_polite_stop_and_a_forced_one_leave_a_run_that_goes_on(
    cohort: MakeCohort, tiny_config: MakeConfig, tmp_path: Path, launched: list[int]
) -> None:
    length = {"length__epochs": "0", "length__steps": "100000", "length__checkpoint_every": "10"}
    folder = RunFolder.create(tmp_path / "run", tiny_config(cohort(2), data__split="0.0", **length))
    launched.append(folder.launch())
    _stop_politely(folder, launched[0])
    launched.append(folder.launch())
    saved = _stop_frozen(folder, launched[1])
    folder.ask_to_stop()  # before the checkpoint is read: the steps are not forgotten
    run_to_the_end(folder)
    assert of_kind(folder, "started")[-1].values["resumed_from"] == saved
    assert (folder.events()[-1].kind, folder.events()[-1].values["step"]) == ("stopped", saved)


def _stop_politely(folder: RunFolder, pid: int) -> None:
    """It takes no second trainer beside itself, and ends with a checkpoint and a usable model."""
    assert wait_for(folder, pid, lambda events: any(e.kind == "step" for e in events))
    with pytest.raises(BrainsegError, match="running already"):
        folder.launch()
    run_to_the_end(folder, code=2)  # a second trainer in the same folder refuses
    os.kill(pid, signal.SIGTERM)
    psutil.Process(pid).wait(60)
    assert folder.status() is RunStatus.STOPPED
    last = of_kind(folder, "step")[-1].values["step"]
    assert folder.events()[-1].values["step"] == last
    assert of_kind(folder, "checkpoint")[-1].values["step"] == last
    assert read_model_folder(folder.model).passport.results == "not measured"


def _stop_frozen(folder: RunFolder, pid: int) -> int:
    """A trainer that hears nothing any more is ended at once; returns the step of its last checkpoint."""
    before = of_kind(folder, "checkpoint")[-1].values["step"]
    assert wait_for(folder, pid, lambda _: of_kind(folder, "checkpoint")[-1].values["step"] > before)
    assert of_kind(folder, "started")[-1].values["resumed_from"] == before
    os.kill(pid, signal.SIGSTOP)
    folder.ask_to_stop()
    assert folder.status() is RunStatus.RUNNING
    message = stop_now(folder)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    last = folder.events()[-1]
    saved = int(of_kind(folder, "checkpoint")[-1].values["step"])
    assert (last.kind, last.values["checkpoint"], last.values["message"]) == ("stopped", saved, message)
    assert folder.status() is RunStatus.STOPPED
    assert not folder.stop_asked
    return saved


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_run_on_another_backend(
    backend: str, cohort: MakeCohort, tiny_config: MakeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed; pip install -e '.[{backend}]'")
    monkeypatch.setenv("KERAS_BACKEND", backend)
    folder = RunFolder.create(tmp_path / "run", tiny_config(cohort(3), length__epochs="3"))
    run_to_the_end(folder)
    assert of_kind(folder, "started")[0].values["backend"] == backend
    losses = [event.values["metrics"]["loss"] for event in of_kind(folder, "epoch")]
    assert losses[2] < losses[0]
    assert backend in read_model_folder(folder.model).passport.framework
    assert len(of_kind(folder, "validated")) == 3


@pytest.mark.slow
def test_the_articles_recipe_runs_at_a_small_size(cohort: MakeCohort, tiny_config: MakeConfig, tmp_path: Path) -> None:
    cases = cohort(3, shape=(32, 32, 27))
    small = {"sampling__patch": "[0, 0, 0]", "sampling__workers": "2", "optimiser__learning_rate": "0.001"}
    # under another name: what a run does hangs on its settings, never on what its preset is called
    config = replace(tiny_config(cases, "seed", length__steps_per_epoch="0", **small), preset="mine", name="mine")
    # a case that breaks between the check and the preparation is named and passed over
    flair = cases / "Toy_001" / "Toy_001_flair.nii.gz"
    packed = bytearray(flair.read_bytes())
    packed[len(packed) // 2] ^= 0xFF
    flair.write_bytes(packed)
    folder = RunFolder.create(tmp_path / "run", config)
    run_to_the_end(folder)
    warnings = [event.values["message"] for event in of_kind(folder, "warning")]
    assert any("Toy_001" in text for text in warnings)
    names = set(of_kind(folder, "epoch")[-1].values["metrics"])
    assert {"loss", "accuracy", "dice_coeff", "dice_loss", "iou", "mean_iou", "dice_wt"} <= names
    assert {path.name for path in folder.model.iterdir()} == {"model.json", "model.keras", "model.h5"}
    passport = read_model_folder(folder.model).passport
    assert passport.axes == "KIJC"
    assert of_kind(folder, "network")[0].values["input"] == [16, 16, 16, 4]


@pytest.mark.slow
def test_whatever_ends_a_run_is_told(cohort: MakeCohort, tiny_config: MakeConfig, tmp_path: Path) -> None:
    config = tiny_config(cohort(1), data__split="0.0")
    folder = RunFolder.create(tmp_path / "nan", config)
    cache = Cache(tmp_path / "cache", recipe_of(config, 2), "float16")
    (case,) = check_data(config.data, tuple(Modality), 0).training
    image = cache.get(case).folder / "image.npy"
    np.save(image, np.full_like(np.load(image), np.nan))  # what no check sees: numbers that are none, in the cache
    run_to_the_end(folder, code=1)
    assert folder.status() is RunStatus.FAILED
    assert "the loss is not a number since step 1." in folder.events()[-1].values["message"]
    assert "the loss is not a number" in folder.log_file.read_text()


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    run_to_the_end(RunFolder(tmp_path), code=2)
    assert not (tmp_path / "events.jsonl").exists()
