"""Figures that a person exports during the day: drawing one imports much, and keeps its fonts."""

from __future__ import annotations

from typing import Any

from brainseg_gui.controllers.shell.features.comparing_features import FIGURES
from tests.soak.person import Patience, Person

_PICTURES = (".png", ".svg", ".pdf")


def export(person: Person, *, everything: bool = False) -> None:
    """A figure, with a preview, or one of every layout and every kind of file; closed."""
    dialog_was = len(person.dialogs())
    person.act("file.figure")
    dialog = next((one for one in person.dialogs() if hasattr(one, "save_requested")), None)
    if dialog is None:
        return
    _wait_for_preview(person, dialog)
    layouts = range(dialog._layout.count())
    for layout in layouts if everything else (person.random.integers(len(layouts)),):
        dialog._layout.setCurrentIndex(int(layout))
        if everything or person.chance(0.7):
            _wait_for_preview(person, dialog)
            animation = dialog.request.layout == "animation"
            endings = (".gif",) if animation else _PICTURES if everything else (person.one_of(*_PICTURES),)
            for ending in endings:
                _save_figure(person, dialog, str(ending))
    person.answer_dialogs()
    if len(person.dialogs()) > dialog_was:
        raise Patience("the figure's dialog stays open")


def _wait_for_preview(person: Person, dialog: Any) -> None:
    person.wait(lambda: not dialog._status.text().startswith("Drawing"), what="the preview")


def _save_figure(person: Person, dialog: Any, ending: str) -> None:
    figures = person.application.controllers[FIGURES]
    person.will_save_as(ending)
    dialog.save_requested.emit(dialog.request)
    person.wait(lambda: figures._saving is None, what="the figure")
    person.done["figures"] += 1
