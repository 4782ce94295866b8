"""Cases made ready for the robot and for training: read, seen once by a network, kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

from brainseg_gui.inference.models.model_folder import ModelFolder
from brainseg_gui.inference.network.network import load_network
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.progress import run_to_end
from training.clicks.case import click_case, save_click_case
from training.compare.cases import ComparedCase


def prepare_cases(cases: Sequence[ComparedCase], models: Sequence[ModelFolder], folder: Path) -> Iterator[str]:
    """Write what is not there yet; yields the name of each case that was written.

    Parameters
    ----------
    models
        Whose features and masks are kept: each case's of one of them, in turn, so that what is trained on the cases
        does not depend on the habits of one.
    folder
        Where to write. Of real patients it holds images: it is never shared.
    """
    folder.mkdir(parents=True, exist_ok=True)
    networks = [run_to_end(load_network(model, SegmentOptions("cpu", "float32"))) for model in models]
    for compared, model, network in zip(cases, cycle(models), cycle(networks), strict=False):
        path = folder / f"{compared.case_id}.npz"
        if not path.is_file():
            case, reference = compared.read()
            save_click_case(click_case(case, reference, model, network), path)
            yield compared.case_id
