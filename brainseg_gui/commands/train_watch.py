"""What ``brainseg train`` prints while a run goes on: sentences and a bar, or one JSON object per event."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from brainseg_gui.plain_files import for_terminal

if TYPE_CHECKING:
    from tqdm import tqdm

    from brainseg_gui.runs.config import TrainingConfig
    from brainseg_gui.runs.events import Event

_BAR = "{percentage:3.0f} %|{bar}| {n_fmt}/{total_fmt} steps {elapsed}<{remaining} {desc}"


class Watcher:
    """Shows events."""

    def show(self, event: Event) -> None:
        """Show one event."""
        raise NotImplementedError

    def close(self) -> None:
        """Leave the terminal tidy."""


class JsonWatcher(Watcher):
    """One JSON object per event and line."""

    def show(self, event: Event) -> None:
        """Print one event."""
        values = {"event": event.kind, "time": event.time, **event.values}
        sys.stdout.write(json.dumps(_in_json(values), allow_nan=False) + "\n")
        sys.stdout.flush()


class BarWatcher(Watcher):
    """Sentences, and a bar of the steps with loss and Dice."""

    def __init__(self, config: TrainingConfig) -> None:
        self._config = config
        self._bar: tqdm[Any] | None = None
        self._dice = ""
        self._training = 0

    def show(self, event: Event) -> None:
        """Print what matters of one event."""
        if event.kind == "step":
            self._step(event.values)
        elif text := sentence_of(event):
            self._print(text, sys.stderr if event.kind in ("warning", "failed") else sys.stdout)
        if event.kind == "checked":
            self._training = len(event.values.get("training", ()))
        if event.kind == "epoch":
            scores = event.values.get("metrics", {})
            self._dice = _dice_words(scores) or self._dice

    def close(self) -> None:
        """Leave the terminal tidy."""
        if self._bar is not None:
            self._bar.close()

    def _step(self, values: Mapping[str, Any]) -> None:
        from tqdm import tqdm

        if self._bar is None:
            total = self._total_steps()
            form = _BAR if total else None
            self._bar = tqdm(total=total, file=sys.stderr, bar_format=form, initial=values["step"], disable=None)
        self._bar.set_description_str(f"epoch {values['epoch']} loss {values['loss']:.4f} {self._dice}", refresh=False)
        self._bar.update(values["step"] - self._bar.n)

    def _total_steps(self) -> int | None:
        length = self._config.length
        per_epoch = length.steps_per_epoch or -(-self._training // self._config.sampling.batch)
        return min((n for n in (length.epochs * per_epoch, length.steps) if n), default=None)

    def _print(self, text: str, stream: Any) -> None:
        if self._bar is not None:
            self._bar.clear()
        stream.write(for_terminal(text) + "\n")
        stream.flush()


def _in_json(value: Any) -> Any:
    """A value that all readers of JSON understand: null for what is no number, such as a loss that grew beyond all."""
    if isinstance(value, Mapping):
        return {key: _in_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_in_json(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def sentence_of(event: Event) -> str:
    """An event for people, or nothing."""
    values = event.values
    match event.kind:
        case "started" if values.get("resumed_from"):
            return f"Resumed from step {values['resumed_from']}"
        case "device":
            return f"Training on {values['device']} in {values['precision']}"
        case "checked":
            return _check_words(values)
        case "network":
            return f"Network: {values['parameters']:,} parameters, sees {values['receptive_field']} voxels across"
        case "estimated":
            seconds, epoch = values["seconds_per_step"], values["seconds_per_epoch"]
            message = str(values["message"])
            return (
                f"{message[:1].upper()}{message[1:]}; a step takes about {seconds:.2g} s, an epoch {_duration(epoch)}"
            )
        case "epoch":
            loss = values["metrics"].get("loss", float("nan"))
            return f"Epoch {values['epoch']}: loss {loss:.4f} {_dice_words(values['metrics'])}".rstrip()
        case "warning" | "failed":
            return f"brainseg: {values['message']}"
        case "finished" | "stopped":
            return f"{values['message'][:1].upper()}{values['message'][1:]}"
    return ""


def _check_words(values: Mapping[str, Any]) -> str:
    training, validation = len(values["training"]), len(values["validation"])
    lines = [f"{training} case{'s' if training != 1 else ''} to train on, {validation} held back"]
    if values.get("split") and validation:
        split = values["split"]
        fold = f", fold {split['fold']}" if "fold" in split else ""
        lines[0] += f", split by {split['by']} with seed {split['seed']}{fold}"
        lines.append(f"  held back: {', '.join(values['validation'])}")
    lines.append(f"  labels: {', '.join(values['schemes'])}")
    return "\n".join([*lines, *(f"  {problem}" for problem in values["problems"])])


def _dice_words(metrics: Mapping[str, float]) -> str:
    """Validation's Dice of the regions, if there is one."""
    names = [name for name in ("WT", "TC", "ET") if f"val_dice_{name.lower()}" in metrics]
    values = " / ".join(f"{metrics[f'val_dice_{name.lower()}']:.3f}" for name in names)
    return f"Dice {' / '.join(names)} {values}" if names else ""


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.2g} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
