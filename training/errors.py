"""Ends of a run that a person can do something about."""

from __future__ import annotations

from brainseg_gui.errors import BrainsegError


class TrainingError(BrainsegError):
    """A run that cannot start or go on; what was learned so far is in its checkpoints."""
