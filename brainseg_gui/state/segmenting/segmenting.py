"""Segmentation as a person steers it: which model, which device, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from brainseg_gui.state.work import Work


@dataclass(frozen=True)
class ModelChoice:
    """A model that can be chosen.

    Parameters
    ----------
    folder
        Its model folder.
    title
        Name and version.
    description
        What it was trained on and how good it is, for a tool tip.
    """

    folder: Path
    title: str
    description: str = ""


@dataclass
class Segmenting(Work):
    """What the Segment panel shows.

    Parameters
    ----------
    models
        The models that can be chosen.
    model
        The chosen one.
    device
        ``auto``, ``cpu`` or ``gpu``.
    precision
        ``auto``, ``float32`` or ``bfloat16``.
    keep_probabilities
        Keep how sure the network was, too.
    unavailable
        Why Segment cannot be clicked now; empty when it can.
    caution
        What is worse than usual, such as a modality that the model can do without; empty when nothing is.
    later
        Whether the series that are open are to be prepared first: then that is the next step.
    """

    models: tuple[ModelChoice, ...] = ()
    model: ModelChoice | None = None
    device: str = "auto"
    precision: str = "auto"
    keep_probabilities: bool = False
    unavailable: str = "Open a case first"
    caution: str = ""
    later: bool = False
