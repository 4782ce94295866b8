"""The four MRI sequences of a brain-tumour study."""

from __future__ import annotations

from enum import Enum


class Modality(Enum):
    """A sequence, in the order in which they are shown; its value is the key in file names and passports of models."""

    T1 = "t1"
    T1CE = "t1ce"
    T2 = "t2"
    FLAIR = "flair"

    @property
    def title(self) -> str:
        """Name for people."""
        return {"t1": "T1", "t1ce": "T1ce", "t2": "T2", "flair": "FLAIR"}[self.value]
