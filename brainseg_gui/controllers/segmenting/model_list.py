"""The models that a person can choose: those that come with the program, and those that were added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.segmenting.model_reading import read_checked, read_models, reading
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.errors import BrainsegError
from brainseg_gui.state.segmenting.segmenting import ModelChoice
from brainseg_gui.state.session import Session

if TYPE_CHECKING:
    from brainseg_gui.inference.models.model_folder import ModelFolder


class ModelList:
    """Reads model folders beside the window and lists them; one of them is chosen."""

    def __init__(self, session: Session, preferences: Preferences, parent: QObject) -> None:
        self._session, self._preferences = session, preferences
        self._models: dict[Path, ModelFolder] = {}
        self._added, self._choosing = LatestJob(session, parent), LatestJob(session, parent)

    @property
    def chosen(self) -> ModelFolder | None:
        """The model that is chosen."""
        choice = self._session.segmenting.model
        return self._models.get(choice.folder) if choice is not None else None

    def find(self) -> None:
        """List the shipped models, then those that the person added; choose the one of the last time."""
        from brainseg_gui.inference.models.model_folder import shipped_folders
        from brainseg_gui.plugins.declared import model_folders

        state, wanted = self._session.segmenting, Path(self._preferences.get("model", ""))
        self._list(read_models((*shipped_folders(), *model_folders())))
        state.model = next((c for c in state.models if c.folder == wanted), state.models[0] if state.models else None)
        if added := self._preferences.models:
            self._added.start(reading(partial(read_models, added)), partial(self._on_added_read, state.model, wanted))

    def _on_added_read(
        self, before: ModelChoice | None, wanted: Path, found: Sequence[ModelFolder | BrainsegError]
    ) -> None:
        """What the person added may lie on a drive that answers late; what was chosen meanwhile stays."""
        self._list(found)
        state = self._session.segmenting
        if state.model == before:
            state.model = next((choice for choice in state.models if choice.folder == wanted), before)

    def _list(self, found: Sequence[ModelFolder | BrainsegError]) -> None:
        problems = [problem for problem in found if isinstance(problem, BrainsegError)]
        self._models |= {model.path: model for model in found if not isinstance(model, BrainsegError)}
        self._session.segmenting.models = tuple(_choice(model) for model in self._models.values())
        if problems:
            self._session.say(notice_of(problems[0]))

    def use(self, folder: Path, then: Callable[[BrainsegError | None], None] | None = None) -> None:
        """Add a model folder to the list and choose it, once it is read.

        Parameters
        ----------
        then
            Hears that it is chosen, or why not; by default the notice bar says why not.
        """
        self._choosing.start(reading(partial(read_checked, folder)), partial(self._on_model_read, then))

    def _on_model_read(
        self, then: Callable[[BrainsegError | None], None] | None, found: ModelFolder | BrainsegError
    ) -> None:
        problem = found if isinstance(found, BrainsegError) else None
        if not isinstance(found, BrainsegError):
            self._list([found])
            self._preferences.add_model(found.path)
            self._session.segmenting.model = _choice(found)
        elif then is None:
            self._session.say(notice_of(found))
        if then is not None:
            then(problem)

    def close(self) -> None:
        """End the threads, when the program ends."""
        self._added.close()
        self._choosing.close()


def _choice(model: ModelFolder) -> ModelChoice:
    passport = model.passport
    lines = [f"Results: {passport.results}", f"Trained on: {passport.trained_on}", f"Licence: {passport.licence}"]
    return ModelChoice(model.path, model.title, "\n".join(lines))
