"""Asking where something is saved, and before what the experts drew or a file nobody chose is replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from brainseg_gui.annotation.saving.save_mask import Doubt, MaskDoubt
from brainseg_gui.errors import printable
from brainseg_gui.imaging.cases.background_thread import answer_soon
from brainseg_gui.imaging.formats.known_formats import MASK_ENDING, WRITTEN, format_of
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.question import Question


def ask_path(
    parent: QWidget, title: str, proposal: Path, filters: str, ending: Callable[[Path, str], Path]
) -> Path | None:
    """Ask for a name; nothing when the person cancels.

    Parameters
    ----------
    ending
        The path to write to, of the name as typed and the chosen filter. The dialog asked about the name as typed: a
        file that has the name only with its ending is asked about here.
    """
    name, chosen = QFileDialog.getSaveFileName(parent, title, str(proposal), filters)
    if not name:
        return None
    path = ending(Path(name), chosen)
    if path != Path(name) and answer_soon(path.exists, True) and not may_replace(parent, title, [path]):
        return None
    return path


def may_replace(parent: QWidget, title: str, paths: Sequence[Path]) -> bool:
    """Ask whether files that exist, and that nobody chose by their names, may be replaced."""
    names = ", ".join(printable(path.name) for path in paths)
    words = f"{names} exists. Replace it?" if len(paths) == 1 else f"{names} exist. Replace them?"
    return QMessageBox.question(parent, title, plain_tip(words)) is QMessageBox.StandardButton.Yes


def ending_of(kind: str) -> str:
    """The ending that a filter such as "PNG (*.png)" asks for, the first of several."""
    return next(iter(kind.partition("*")[2].partition(")")[0].split()), "")


def mask_name(typed: Path, kind: str) -> Path:
    """A name for a mask: without the ending of a format it gets that of the chosen one."""
    known = format_of(typed)
    return typed if known in WRITTEN else typed.with_name(f"{typed.name}{ending_of(kind) or MASK_ENDING}")


def doubt_question(parent: QWidget, error: MaskDoubt) -> Question:
    """Ask what a person has to settle before a mask is written: elsewhere, here all the same, or cancel."""
    path = error.path or Path()
    text, more, here = {
        Doubt.REFERENCE: (
            f"Replace the reference {path.name}?",
            "What the experts drew is gone from this folder then. Save under another name to keep both.",
            "Replace the reference",
        ),
        Doubt.CHANGED: (
            f"{path.name} was changed by someone else since you saved it",
            "Replacing it loses what they wrote. Save under another name to keep both.",
            "Replace",
        ),
        Doubt.OTHER_CASE: (
            f"Save this mask among the files of another case, {error.name}?",
            f"{path.parent} belongs to {error.name}. Whoever opens that case would find this mask in it.",
            "Save it there",
        ),
        Doubt.IMAGES: (
            f"The images of {error.name} are no longer those that you see: save the mask among them?",
            f"Other images lie in {path.parent} now, perhaps another patient's. Save elsewhere, and open it again.",
            "Save it there",
        ),
    }[error.doubt]
    return Question(
        parent,
        printable(text),
        printable(more),
        (("elsewhere", "Save as…"), ("replace", here), ("cancel", "Cancel")),
    )
