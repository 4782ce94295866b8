"""Ends of a run that a person can do something about."""

from __future__ import annotations

import errno
import sys

from brainseg_gui.errors import BrainsegError


class TrainingError(BrainsegError):
    """A run that cannot start or go on; what was learned so far is in its checkpoints."""


def describe(error: Exception) -> str:
    """What ended a run, as a sentence with a remedy."""
    if isinstance(error, BrainsegError):
        return str(error)
    network = sys.modules.get("brainseg_gui.inference.network.keras_network")
    if isinstance(error, MemoryError) or (network is not None and network.is_out_of_memory(error)):
        return "The memory is too small for this run. Choose a smaller sampling.patch, sampling.batch or network."
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Free some space and resume; the last checkpoint is untouched."
    return f"Unexpected {type(error).__name__}: {str(error).strip()[:300]}. The log has the details."
