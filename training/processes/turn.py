"""What each process reads for itself from a shared drive, and all have to find alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from training.errors import TrainingError
from training.processes.group import ProcessGroup

Found = TypeVar("Found")


def in_turn(group: ProcessGroup, find: Callable[[], Found], sign: Callable[[Found], Any], what: str) -> Found:
    """What `find` gives: first in process 0, which may write meanwhile, then in the others.

    Parameters
    ----------
    sign
        Plain values by which what was found is compared.
    what
        What is looked for, in the plural.

    Raises
    ------
    TrainingError
        If this process finds something else than process 0.
    """
    if group.rank == 0:
        found = find()
        group.agree(sign(found))
        return found
    expected = group.agree(None)
    found = find()
    if sign(found) != expected:
        sentence = f"process {group.rank} of {group.count} finds other {what} than process 0"
        raise TrainingError(sentence, "Keep cases, cache and run folder on a drive that all computers see alike")
    return found
