"""How bright a case is shown: remembered of each case, and carried to the next one of the list."""

from __future__ import annotations

from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.window import Window, carried
from brainseg_gui.state.session import Session


class CarriedWindows:
    """What the person changed of the windows of one case, for the next."""

    def __init__(self, session: Session, preferences: Preferences) -> None:
        self._session, self._preferences = session, preferences
        self._opened_with: dict[Modality, Window] = {}  # the windows that the open case began with
        self._changed: dict[Modality, tuple[Window, Window]] = {}  # from, to

    def remember(self) -> None:
        """Keep the open case's windows, before a preview shows those of another."""
        case = self._session.case
        if case is not None and not self._session.previewing:
            windows, began = self._session.viewing.windows, self._opened_with
            self._preferences.set_windows(case.source, windows)
            self._changed = {m: (began[m], w) for m, w in windows.items() if m in began and w != began[m]}

    def begin(self, case: Case, *, carry: bool) -> None:
        """A case was opened; with `carry` it looks as the one before it was made to look."""
        viewing = self._session.viewing
        self._opened_with = dict(viewing.windows)
        if carry:
            windows = viewing.windows
            news = {m: carried(now, old, windows[m]) for m, (old, now) in self._changed.items() if m in case.volumes}
            viewing.windows = windows | news
