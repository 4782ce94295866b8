"""Edit labels: a scheme of the person's own, made from the one in use, saved, and used at once."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from brainseg_gui.controllers.annotating.annotate import AnnotateController
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.layers.save_dialog import ending_of
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labelling.label_files import (
    LABEL_ENDINGS,
    LabelFileError,
    read_labels_file,
    write_labels_file,
)
from brainseg_gui.imaging.labelling.own_schemes import save_own_scheme
from brainseg_gui.imaging.labels import LabelScheme
from brainseg_gui.state.annotating.active_annotation import ActiveAnnotation
from brainseg_gui.state.layers.label_draft import LabelDraft
from brainseg_gui.state.layers.layers import Layer
from brainseg_gui.state.notices import Notice
from brainseg_gui.state.session import Session
from brainseg_gui.views.layers.labels_dialog import LabelsDialog
from brainseg_gui.views.layers.layers_panel import LayersPanel

_READ = "Labels (*.txt *.label *.lbl *.ctbl *.toml);;All files (*)"
_WRITE = "ITK-SNAP label description (*.txt);;Colour table of 3D Slicer (*.ctbl);;brainseg labels (*.toml)"


class LabelsController(QObject):
    """Opens the dialog for the mask that is worked on."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        annotate: AnnotateController,
        layers: LayersPanel,
    ) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._annotate, self._layers = annotate, layers
        self.dialog: LabelsDialog | None = None

    def edit(self) -> None:
        """Open the dialog for the annotation, else the compared prediction, else the reference."""
        if self.dialog is not None:
            self.dialog.raise_()
            return
        layer = self._layer
        draft = LabelDraft(layer.labels.scheme if layer is not None else scheme_named("brats2020"))
        dialog = LabelsDialog(draft, self._what(layer), self._window)
        self.dialog = dialog
        dialog.import_requested.connect(lambda: self._import(draft, dialog))
        dialog.export_requested.connect(lambda: self._export(draft, dialog))
        dialog.accepted.connect(lambda: self._use(draft, layer))
        dialog.finished.connect(self._on_finished)
        dialog.open()

    @property
    def _layer(self) -> Layer | None:
        session = self._session
        edited = session.annotating.layer if session.annotating.annotation is not None else None
        return edited or session.layers.prediction or session.layers.reference

    def _what(self, layer: Layer | None) -> str:
        if layer is None:
            return "No mask is open: the scheme is saved, and can be chosen in the menu of a layer."
        if layer is self._session.annotating.layer:
            return f"{layer.name} is painted and saved with these labels; voxels follow a label to its new number."
        return f"{layer.name} is read by these labels."

    def _on_finished(self) -> None:
        self.dialog = None

    def _use(self, draft: LabelDraft, layer: Layer | None) -> None:
        scheme = draft.scheme
        try:
            path = save_own_scheme(scheme)
        except LabelFileError as error:
            self._session.say(notice_of(error))
            return
        if layer is not None and layer in list(self._session.layers):
            self._apply(layer, scheme, draft)
        self._session.say(Notice(f"The labels are saved as {scheme.title}", details=str(path), problem=False))

    def _apply(self, layer: Layer, scheme: LabelScheme, draft: LabelDraft) -> None:
        if layer is self._session.annotating.layer:
            if not self._session.annotating.editable:  # its voxels stay, so do the numbers' meanings
                self._session.say(Notice(*_why_kept(self._session.annotating)))
                return
            self._annotate.renumber(draft.renumbered, scheme)
        self._layers.scheme_requested.emit(layer, scheme)  # as its menu does

    # files

    def _import(self, draft: LabelDraft, dialog: LabelsDialog) -> None:
        name, _ = QFileDialog.getOpenFileName(dialog, "Import labels", self._folder(), _READ)
        if name:
            self._preferences.set("last label folder", str(Path(name).parent))
            try:
                draft.take(read_labels_file(Path(name)))
            except LabelFileError as error:
                dialog.say(str(error))

    def _export(self, draft: LabelDraft, dialog: LabelsDialog) -> None:
        proposal = Path(self._folder()) / f"{draft.scheme.name}.txt"
        name, kind = QFileDialog.getSaveFileName(dialog, "Export labels", str(proposal), _WRITE)
        if name:
            typed = Path(name)
            known = typed.suffix.lower() in LABEL_ENDINGS  # of “vessels v1.2” a version is none
            path = typed if known else typed.with_name(typed.name + ending_of(kind))
            self._preferences.set("last label folder", str(path.parent))
            try:
                write_labels_file(path, draft.scheme)
            except LabelFileError as error:
                dialog.say(str(error))

    def _folder(self) -> str:
        return str(self._preferences.get("last label folder", str(Path.home())))


def _why_kept(annotating: ActiveAnnotation) -> tuple[str, str]:
    if annotating.read_only:
        return "The annotation is read-only: it keeps its labels", "Save a copy first"
    return annotating.why_not, "The labels of the annotation stay as they are"
