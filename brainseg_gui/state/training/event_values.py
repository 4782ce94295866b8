"""What events of a trainer say, as values; what is not as it should be is as if it had not been said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from brainseg_gui.plain_files import tagless, visible
from brainseg_gui.runs.events import Event
from brainseg_gui.state.training.run_reader import number, whole
from brainseg_gui.state.training.run_values import Best, ValidatedCase

_LONGEST_NAME = 300
_REGIONS = 20
_SENTENCES = 200


def best_of(model: Event, epoch: Event | None) -> Best | None:
    """What a ``model`` event says of its epoch; that of older runs has the metrics of the epoch before it.

    Parameters
    ----------
    epoch
        The newest ``epoch`` event before it.
    """
    metrics = model.values.get("metrics")
    if not isinstance(metrics, dict):
        return None
    about = model.values
    if "epoch" not in about:
        if epoch is None or epoch.values.get("metrics") != metrics:
            return None
        about = epoch.values
    name = str(about.get("judged_by") or ("val_dice_mean" if "val_dice_mean" in metrics else "loss"))
    at_epoch, at_step = whole(about.get("epoch")), whole(about.get("step"))
    if at_epoch is None or at_step is None:
        return None
    return Best(at_epoch, at_step, tagless(visible(name)), number(metrics.get(name)))


def validated_of(event: Event, folder: Path, epoch: int) -> ValidatedCase:
    """What a ``validated`` event says.

    Parameters
    ----------
    folder
        The run folder; pictures are named from there.
    epoch
        The epoch of the run, where the event names none.
    """
    values, said, dice = event.values, whole(event.values.get("epoch")), event.values.get("dice")
    return ValidatedCase(
        epoch if said is None else said,
        visible(str(values.get("case", "")), _LONGEST_NAME),
        {tagless(visible(k)): number(v) for k, v in list(dice.items())[:_REGIONS]} if isinstance(dice, dict) else {},
        _picture_in(folder, values.get("picture")),
    )


def text_of(value: Any) -> str:
    """A text, or nothing."""
    return value.strip() if isinstance(value, str) else ""


def texts_of(value: Any) -> list[str]:
    """Sentences, from a list of texts or of anything else; a single text is one sentence."""
    if isinstance(value, str):
        return [value] if value else []
    return [str(entry) for entry in value[:_SENTENCES]] if isinstance(value, list) else []


def _picture_in(folder: Path, name: Any) -> Path | None:
    """A picture of the run; a path that leads out of its folder is none."""
    if not isinstance(name, str) or not name.endswith(".png") or "\0" in name or len(name) > _LONGEST_NAME:
        return None
    inside = not Path(name).is_absolute() and ".." not in Path(name).parts
    return folder / name if inside else None
