"""One case of a cohort that is segmented."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.labels import LabelScheme


@dataclass(frozen=True)
class CaseJob:
    """One case and where its mask goes.

    Parameters
    ----------
    name
        Name of the case, or of what was given instead of one.
    source
        Its files, or None.
    output
        File of the mask.
    fault
        Why there is no case.
    chosen
        Whether a person named the file of the mask, so that it is followed where it is a link.
    given
        What a person gave where there is no case.
    numbering
        How the mask is numbered, where a person said so; else as the case is read.
    """

    name: str
    source: CaseSource | None
    output: Path
    fault: BrainsegError | None = None
    chosen: bool = False
    given: Path | None = None
    numbering: LabelScheme | None = None

    @property
    def is_taken(self) -> bool:
        """Whether a file is there; a link to what is not there may be written through where a person chose its name."""
        return self.output.exists() or (self.output.is_symlink() and not self.chosen)
