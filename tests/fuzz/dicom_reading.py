"""Reading DICOM as the program does, and looking whether what was understood can be worked with."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from brainseg_gui.errors import ImageError
from brainseg_gui.preparation.dicom.examination import Examination, look_through, why_not
from brainseg_gui.preparation.dicom.pixels import read_stack
from brainseg_gui.preparation.roles import roles_of
from brainseg_gui.progress import run_to_end
from tests.fuzz.measure import WrongAnswer
from tests.fuzz.reading import check_grid, check_volume


def look(place: Path) -> Examination:
    """The headers of a file or a folder, and what the volumes are taken for."""
    found = run_to_end(look_through(place))
    for stack in found.stacks:
        words = [*stack.first.words.values(), *stack.notes, stack.problem, stack.part, *stack.first.image_type]
        if not all(word.replace("\u00a0", "").isprintable() and len(word) < 500 for word in words):
            raise WrongAnswer(f"words that steer: {words!a}")
        if stack.stored_grid is not None:
            check_grid(stack.stored_grid.grid)
        elif not stack.problem:
            raise WrongAnswer("no volume and no word")
    roles_of([stack.first for stack in found.usable])
    return found


def read_volumes(place: Path) -> None:
    """All volumes of a folder; a single one that is refused must be the only one."""
    refused: list[ImageError] = []
    usable = [stack for stack in look(place).stacks if not why_not(stack)]
    for stack in usable[:20]:
        try:
            volume = run_to_end(read_stack(stack))
        except ImageError as error:
            refused.append(error)
            continue
        check_volume(volume)
        if not np.isfinite(volume.intensities()).all():
            raise WrongAnswer("intensities that are no numbers")
    if refused:
        raise refused[0]
