"""What networks told of the cases of the open cohort, from which follows what to annotate next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

if TYPE_CHECKING:
    from brainseg_gui.annotation.case_order import CaseSigns


class CaseNeeds:
    """Signs by the place of a case. Only controllers write here."""

    changed = Signal()
    """Signs of a case, or of another cohort, are known."""

    told = Signal()
    """A network told something new, which is to be kept."""

    def __init__(self) -> None:
        self._signs: dict[Path, CaseSigns] = {}

    @property
    def signs(self) -> Mapping[Path, CaseSigns]:
        """All that is known."""
        return self._signs

    def show(self, signs: Mapping[Path, CaseSigns]) -> None:
        """Take what was kept of a cohort."""
        if dict(signs) != self._signs:
            self._signs = dict(signs)
            self.changed.emit()

    def tell(self, place: Path, signs: CaseSigns) -> None:
        """Note what a network told of a case just now."""
        if self._signs.get(place) != signs:
            self._signs[place] = signs
            self.changed.emit()
            self.told.emit()
