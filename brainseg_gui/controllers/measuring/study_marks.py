"""Where the measurements of the open case are kept."""

from __future__ import annotations

from collections.abc import Sequence

from brainseg_gui.annotation.journal.study import study_digest
from brainseg_gui.annotation.measuring.mark_journal import MarkChange, MarkJournals
from brainseg_gui.imaging.case import Case


class StudyMarks:
    """The journal of one case; the digest of its images is worked out when it is first needed, in the thread.

    Parameters
    ----------
    study
        The digest, if it is known; else empty.
    """

    def __init__(self, journals: MarkJournals, case: Case, study: str) -> None:
        self._journals, self.case, self.study = journals, case, study

    def append(self, changes: Sequence[MarkChange]) -> None:
        """Keep changes; an `OSError` if that cannot be done now."""
        self.study = self.study or study_digest(self.case)
        self._journals.append(self.study, changes)
