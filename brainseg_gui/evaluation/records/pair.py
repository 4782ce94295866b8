"""Which prediction is scored against which reference, and what could not be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Pair:
    """A prediction and the reference that it is scored against.

    Parameters
    ----------
    images
        A folder or file that `find_case` finds the case's images by; None where there are none, or nobody looked.
    patient
        Whose it is, where the names tell; else empty.
    """

    case_id: str
    reference: Path
    prediction: Path
    images: Path | None = None
    patient: str = ""


@dataclass(frozen=True)
class Unpaired:
    """A case that cannot be scored, and why; the model is empty when there is only one."""

    case_id: str
    path: Path
    reason: str
    model: str = ""
