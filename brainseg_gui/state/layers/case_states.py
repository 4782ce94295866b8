"""How far the work on each case of the open cohort has come."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from psygnal import Signal

from brainseg_gui.annotation.case_list import CaseEntry


class CaseStates:
    """The list of a cohort, as it was read last. Only its controller writes here."""

    changed = Signal()
    """Entries changed, or another list is shown."""

    def __init__(self) -> None:
        self._entries: dict[str, CaseEntry] = {}
        self.path: Path | None = None
        """The file that keeps them; None without a cohort."""

    @property
    def entries(self) -> Mapping[str, CaseEntry]:
        """All entries by case."""
        return self._entries

    def show(self, path: Path | None, entries: Mapping[str, CaseEntry]) -> None:
        """Take the entries of a file."""
        if path != self.path or dict(entries) != self._entries:
            self.path, self._entries = path, dict(entries)
            self.changed.emit()

    def of(self, case_id: str) -> CaseEntry:
        """The entry of a case; to do where nothing was said."""
        return self._entries.get(case_id) or CaseEntry(case_id)
