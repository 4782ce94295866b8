"""What happens beside `model.fit`: events, validation, checkpoints, the best model, and every way to end.

An epoch is `steps_per_epoch` steps of the run. Keras sees one long epoch of endless data, because a run that is
resumed in the middle of an epoch goes on there; the callbacks keep the count.
"""

from __future__ import annotations

import importlib.util
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import psutil

from brainseg_gui.runs.config import Length
from training.checkpoint import Position, averaged_weights, save_best, save_checkpoint, synchronised
from training.data.data import Patches
from training.errors import TrainingError
from training.evaluate import CaseValidation, Validation, mean_dice, write_picture
from training.network.start import undivided
from training.processes.step import logs_of_all
from training.run_state import Run

Export = Callable[[Any, Mapping[str, float], str], None]  # model, metrics, the metric that judged it best


class Steps(keras.callbacks.Callback):  # type: ignore[misc]
    """One event per step, the check for a loss that is no number, and the decision to end.

    Parameters
    ----------
    rate_of
        Learning rate of a step, counted from 0.
    """

    def __init__(self, run: Run, patches: Patches, rate_of: Callable[[int], Any]) -> None:
        super().__init__()
        self._run = run
        self._patches = patches
        self._rate_of = rate_of
        self._process = psutil.Process()
        self._last_end = time.perf_counter()
        self._total_loss = 0.0

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Count, report, and look whether to end."""
        run = self._run
        run.epoch_logs = {name: float(value) for name, value in logs_of_all(self.model, logs or {}).items()}
        now = time.perf_counter()
        seconds = now - self._last_end
        ready = self._patches.ready_at(run.position.step)
        waited = min(max(ready - self._last_end, 0.0), seconds) if ready is not None else 0.0
        run.position.step += 1
        run.epoch_seen += 1
        loss = self._loss_of_step()
        run.events.write(
            "step",
            step=run.position.step,
            epoch=run.epoch,
            loss=loss,
            learning_rate=float(self._rate_of(run.position.step - 1)),
            seconds=seconds,
            waiting=waited / seconds,
            memory_bytes=self._process.memory_info().rss,
        )
        self._check(loss)
        run.decide_end()
        self.model.stop_training = bool(run.end)
        self._last_end = time.perf_counter()

    def restart_clock(self) -> None:
        """Leave what happened since out of the next step's time."""
        self._last_end = time.perf_counter()

    def _loss_of_step(self) -> float:
        """Keras tells the mean over the epoch; the step's own loss is what the sum grew by."""
        if self._run.epoch_seen == 1:
            self._total_loss = 0.0
        total = self._run.epoch_logs["loss"] * self._run.epoch_seen
        loss, self._total_loss = total - self._total_loss, total
        return loss

    def _check(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss is not a number since step {self._run.position.step}",
                "Lower optimiser.learning_rate or set compute.precision to float32, and resume from the checkpoint",
            )


class Epochs(keras.callbacks.Callback):  # type: ignore[misc]
    """At the end of each epoch: its event, whole-case validation, and the best model so far."""

    def __init__(self, run: Run, validation: Validation, length: Length, export: Export, *, steps: Steps) -> None:
        super().__init__()
        self._run = run
        self._validation = validation
        self._scored = validation.expected  # cases, by the epochs so far
        self._every = length.validate_every
        self._keep = length.keep
        self._export = export
        self._steps = steps
        self.also: Sequence[Any] = ()
        self.exported_step = -1
        """The step whose model was exported last because it is the last one; -1 before any."""

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """End the epoch if this was its last step, or the run's."""
        run = self._run
        whole = run.position.step % run.position.steps_per_epoch == 0
        if not whole and run.end in ("", "stopped"):
            return
        metrics = run.merged_metrics()
        synchronised(self.model)
        with averaged_weights(self.model), undivided():
            scores = self._validate() if self._is_due() else {}
            if run.must_stop and not scores and run.end != "finished":
                run.end, self.model.stop_training = "stopped", True
            metrics |= {f"val_dice_{name.lower()}": value for name, value in scores.items()}
            run.events.write("epoch", epoch=run.epoch, step=run.position.step, metrics=metrics)
            self._keep_best(metrics)
        for callback in self.also:
            callback.on_epoch_end(run.epoch - 1, metrics)
        if whole:
            run.position.epoch_steps, run.position.epoch_metrics, run.epoch_seen = 0, {}, 0
            self.model.reset_metrics()
        self._steps.restart_clock()

    def _is_due(self) -> bool:
        run = self._run
        if not run.is_writer or not self._every or not self._validation.cases or run.end == "stopped":
            return False  # who stops a run does not wait for whole cases
        return bool(run.end) or run.epoch % self._every == 0

    def _validate(self) -> dict[str, float]:
        """Mean Dice over the held-back cases; empty when a stop was asked for meanwhile."""
        run = self._run
        results: list[Mapping[str, float]] = []
        for news in self._validation.run():
            if run.must_stop and not run.end:
                return {}
            if isinstance(news, CaseValidation):
                picture = f"pictures/epoch-{run.epoch:05}.png" if not results else None
                if picture:
                    write_picture(run.folder.path / picture, news)
                case = news.case.case_id
                values = {"epoch": run.epoch, "case": case, "dice": news.dice, "digest": news.digest}
                run.events.write("validated", **values, picture=picture)
                results.append(news.dice)
        return mean_dice(results) if results and self._is_comparable(len(results)) else {}

    def _is_comparable(self, scored: int) -> bool:
        """Whether as many cases could be scored as before: without the hardest one an epoch would stay the best."""
        run, before = self._run, self._scored
        if scored < before:
            run.warn(f"Epoch {run.epoch} is not compared with the others: {scored} of {before} cases could be scored")
            return False
        if scored > before > 0:
            run.position.best = None
        self._scored = scored
        return True

    def _keep_best(self, metrics: Mapping[str, float]) -> None:
        """By mean region Dice of whole cases, or by training loss where nothing is held back; or the last."""
        run = self._run
        if not run.is_writer:
            return
        if self._keep == "last":
            self._export(self.model, metrics, "")
            self.exported_step = run.position.step
            return
        by_loss = self._keep == "loss" or not (self._every and self._validation.cases)
        judged_by = "loss" if by_loss else "val_dice_mean"
        if judged_by not in metrics:
            return
        score = -metrics["loss"] if by_loss else metrics[judged_by]
        if run.position.best is None or score > run.position.best:
            run.position.best, run.position.best_epoch = score, run.epoch
            save_best(run.folder.checkpoints, self.model, run.position)
            self._export(self.model, metrics, judged_by)


class Checkpoints(keras.callbacks.Callback):  # type: ignore[misc]
    """A checkpoint every so many steps, at every end of an epoch, and at the end of the run."""

    def __init__(self, run: Run, every: int) -> None:
        super().__init__()
        self._run = run
        self._every = every

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Write one if it is due."""
        step = self._run.position.step
        if self._run.end or step % self._every == 0 or step % self._run.position.steps_per_epoch == 0:
            self.write()

    def write(self) -> Path | None:
        """Write one now; None if this step has one, or another process writes it."""
        run = self._run
        if run.saved_step == run.position.step or not run.is_writer:
            return None
        now = Position(**vars(run.position))
        now.elapsed_s = run.elapsed_s
        now.epoch_metrics = run.merged_metrics() if run.epoch_seen else dict(run.position.epoch_metrics)
        now.epoch_steps = run.position.epoch_steps + run.epoch_seen
        path = save_checkpoint(run.folder.checkpoints, synchronised(self.model), now)
        run.saved_step = now.step
        file = str(path.relative_to(run.folder.path))
        run.events.write("checkpoint", step=now.step, file=file, elapsed_s=now.elapsed_s)
        return path


class Together(keras.callbacks.Callback):  # type: ignore[misc]
    """The last of all: every process of the run waits for what process 0 does beside a step, and ends where it does."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """End here, or go on."""
        self._run.end = self._run.group.agree(self._run.end)
        self.model.stop_training = bool(self._run.end)


def tensorboard(folder: Path, model: Any) -> list[Any]:
    """Logs for TensorBoard, where it is installed, and nobody has put a link in their place."""
    if (folder / "tensorboard").is_symlink():
        return []
    if importlib.util.find_spec("tensorboard") is None or keras.backend.backend() != "tensorflow":
        return []
    board = keras.callbacks.TensorBoard(log_dir=str(folder / "tensorboard"), write_graph=False)
    board.set_model(model)
    board.on_train_begin()
    return [board]
