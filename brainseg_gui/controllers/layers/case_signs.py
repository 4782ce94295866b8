"""Keeps what networks told of the cases of a list, on this computer, from start to start."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from brainseg_gui.controllers.jobs.latest_job import LatestJob, Work
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Session

if TYPE_CHECKING:
    from brainseg_gui.annotation.case_order import CaseSigns

log = logging.getLogger(__name__)
_PAUSE_MS = 300


class CaseSignsController(QObject):
    """Reads them when a list is opened, and writes them when a network told something new."""

    def __init__(self, session: Session, window: QObject, preferences: Preferences) -> None:
        super().__init__(window)
        self._session, self._needs, self._preferences = session, session.case_needs, preferences
        self._reading, self._writing = LatestJob(session, self), LatestJob(session, self, _PAUSE_MS)
        session.cohort_changed.connect(self._on_cohort_changed)
        self._needs.told.connect(self._on_told)

    def close(self) -> None:
        """Keep what was told last, when the program ends."""
        if self._writing.running:
            from brainseg_gui.annotation.signs_file import write_signs

            with suppress(OSError):
                write_signs(self._path, self._needs.signs)
        self._reading.close()
        self._writing.close()

    @property
    def _path(self) -> Path:
        """One file for each set of cases: the folder of a list says too little, where it is opened in parts."""
        import hashlib

        places = sorted(os.fsencode(source.identity) for source in self._session.cohort)
        token = hashlib.sha256(b"\0".join(places)).hexdigest()[:16]
        return self._preferences.journals.parent / "cases" / f"{token}-signs.json"

    def _on_cohort_changed(self) -> None:
        self._needs.show({})
        if self._session.cohort:
            self._reading.start(_aside(partial(_read, self._path)), self._on_read)

    def _on_read(self, signs: dict[Path, CaseSigns]) -> None:
        self._needs.show({**signs, **self._needs.signs})

    def _on_told(self) -> None:
        if self._session.cohort:
            keeping = partial(_keep, self._path, dict(self._needs.signs))
            self._writing.start(_aside(keeping), lambda _: None)


def _read(path: Path) -> dict[Path, CaseSigns]:
    from brainseg_gui.annotation.signs_file import read_signs  # the first picture does without

    return read_signs(path)


def _keep(path: Path, signs: dict[Path, CaseSigns]) -> None:
    from brainseg_gui.annotation.signs_file import write_signs

    try:
        write_signs(path, signs)
    except OSError as error:  # they are told anew by the next segmentation
        log.warning("what was told of the cases is not kept: %s", error)


def _aside(call: Callable[[], object]) -> Work:
    return (yield from waited_for(in_background(call, "signs"), Progress("signs", 0.0)))
