"""Which raw series there are, and what each is taken for: found, looked at, and said by a person."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.preparing.reopening import Reopening
from brainseg_gui.errors import CaseError
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.doubts import doubts_of_series
from brainseg_gui.preparation.heads.finder import BrainFinder
from brainseg_gui.preparation.looking import Looks, look_at
from brainseg_gui.preparation.prepare_place import PreparedExamination
from brainseg_gui.preparation.prepared_case import can_be_made
from brainseg_gui.preparation.raw_examination import NONE, RawExamination, choose_series, examine, said_anew
from brainseg_gui.preparation.record import Preparation
from brainseg_gui.preparation.reopened import RawLook, Reopened, numbers_in
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Session

LOOKING = "looking for series"
_ROLES_CHANGED = "Prepare again, so that the changed roles count"


class SeriesChoosing(QObject):
    """Keeps the series of `session.preparing`, and which of them are chosen.

    Parameters
    ----------
    finder
        Gives what sees heads in the images; None where the program comes without it.
    """

    def __init__(self, session: Session, parent: QObject, finder: Callable[[], BrainFinder | None]) -> None:
        super().__init__(parent)
        self._session, self._finder = session, finder
        self._reopening = Reopening(session, self, self._on_reopened)
        self._said: dict[Modality, str] = {}
        self._changed = ""  # what of the raw series changed since they were prepared
        self._looking, self._glancing = LatestJob(session, self), LatestJob(session, self)
        self._glancing.progressed.connect(self._on_glanced)
        self._reopening.look()  # the case that was opened before anybody asked for the panel

    @property
    def said(self) -> dict[Modality, str]:
        """What a person said of the roles: series by number, name or file."""
        return dict(self._said)

    @property
    def looks(self) -> Looks:
        """What is known of the images."""
        examination = self._session.preparing.examination
        return {one.place: one.look for one in examination.series if one.look} if examination is not None else {}

    def look(self, place: Path, said: Mapping[Modality, str] | None = None) -> None:
        """Find the series of a place, and what each is taken for; `said` of some, by number, name or file."""
        state = self._session.preparing
        self.stop_glancing()
        state.begin(LOOKING)
        answer = partial(self._on_examined, said or {})
        self._looking.start(examine(place), answer, lambda: state.end("No series were found"))

    def look_for_raw(self, begun: Future[RawLook] | None) -> None:
        """Look for the raw series of the open case, where it was prepared; `begun` is a look at their files."""
        self._reopening.look(begun)

    def take_for(self, number: int, modality: Modality | None) -> None:
        """Take a series for a modality, or for none."""
        state = self._session.preparing
        before = dict(state.choice.chosen) if state.choice is not None else {}
        for other, one in before.items():
            if one.number == number - 1:
                self._said[other] = NONE
        if modality is not None:
            self._said[modality] = str(number)
        self.choose()
        if state.prepared is not None and state.choice is not None:
            state.outdated = _ROLES_CHANGED if self._roles_changed(state.prepared.preparation) else self._changed
            state.outcome = state.outdated

    def choose(self) -> None:
        """Choose a series for each modality, by what was said and what is known."""
        state = self._session.preparing
        if state.examination is None:
            return
        try:
            state.choice = choose_series(state.examination, self._said)
        except CaseError as error:
            state.choice = None
            state.outcome = error.what
        if state.prepared is None:  # what was prepared has its own
            state.doubts = doubts_of_series(state.choice, state.examination) if state.choice is not None else ()

    def forget_changes(self) -> None:
        """What is prepared is of the series as they are and as they are chosen."""
        self._changed = self._session.preparing.outdated = ""

    def stop_looking(self) -> None:
        """Give up the search for series."""
        self._looking.stop()

    def stop_glancing(self) -> None:
        """Give up the look at the images."""
        self._glancing.stop()
        self._session.preparing.looking = False

    def close(self) -> None:
        """Stop what runs, when the program ends."""
        for work in (self._looking, self._glancing, self._reopening):
            work.close()

    def _roles_changed(self, made: Preparation) -> bool:
        """Whether other series are chosen, or for other modalities, than those that were prepared."""
        state = self._session.preparing
        if state.examination is None or state.choice is None:
            return False
        chosen = {modality: one.number for modality, one in state.choice.chosen.items()}
        return chosen != numbers_in(made, state.examination)

    # --- what comes back

    def _on_examined(self, said: Mapping[Modality, str], examination: RawExamination) -> None:
        state = self._session.preparing
        try:
            self._said = said_anew(examination, said)
        except CaseError:
            self._said = dict(said)  # choosing says what is wrong with it
        self._forget()
        state.examination = examination
        state.output = _output_for(examination)
        self.choose()
        state.end("")
        state.looking = True
        self._glancing.start(self._looked_at(examination), self._on_looked, self.stop_glancing)

    def _looked_at(self, examination: RawExamination) -> Generator[Progress, None, RawExamination]:
        """The same, after a look at the images."""
        return (yield from look_at(examination, self._finder()))

    def _on_glanced(self, progress: Progress) -> None:
        if isinstance(progress.partial, RawExamination):
            self._session.preparing.examination = progress.partial

    def _on_looked(self, examination: RawExamination) -> None:
        self._session.preparing.looking = False
        self._session.preparing.examination = examination
        self.choose()

    def _on_reopened(self, found: Reopened) -> None:
        """What the open case was made of, where the panel does not show that already."""
        state = self._session.preparing
        known = state.prepared is not None and state.prepared.folder == found.folder
        if not known or state.examination is None or found.examination is None:
            self._show_reopened(found)
        if found.problem:
            self._changed = found.problem if found.examination is not None else ""
            state.outdated, state.outcome = self._changed, found.problem

    def _show_reopened(self, found: Reopened) -> None:
        state = self._session.preparing
        self.stop_looking()
        self.stop_glancing()
        self._forget()
        self._said = found.said
        state.examination, state.output = found.examination, found.folder.parent
        state.prepared = PreparedExamination(found.folder, found.preparation, None)
        self.choose()
        state.doubts, state.outcome = found.preparation.doubts, ""
        if found.examination is not None:
            used = {one.header.path for one in found.preparation.series}
            pictures = look_at(found.examination, None, lambda one: one.place in used)  # what they are is known
            self._glancing.start(pictures, self._on_looked, self.stop_glancing)

    def _forget(self) -> None:
        """What was said of another examination."""
        state = self._session.preparing
        self.forget_changes()
        state.steps, state.doubts, state.choice, state.prepared = (), (), None, None


def _output_for(examination: RawExamination) -> Path:
    """The folder that gets the case, beside the examination; of a disc, which can only be read, one's own folder."""
    beside = examination.place.parent / f"{examination.name} prepared"
    return beside if can_be_made(beside) else Path.home() / beside.name
