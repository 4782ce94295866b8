"""What a person says of the numbers of a mask: carried out, remembered with the study, and followed by predictions."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.annotation.saving.study_memory import NEW_MASKS
from brainseg_gui.annotation.tools.algebra import translated
from brainseg_gui.controllers.annotating.journal import JournalController
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.labelling.known_schemes import network_numbering
from brainseg_gui.imaging.labels import NETWORK_CLASSES, LabelMap, LabelScheme
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.notices import Notice
from brainseg_gui.state.session import Session
from brainseg_gui.views.layers.layers_panel import LayersPanel


class SchemesController(QObject):
    """Reads a mask by another scheme, or numbers a network's mask anew: what that means was never in doubt."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        journals: JournalController,
        layers: LayersPanel,
    ) -> None:
        super().__init__(window)
        self._session, self._memory, self._journals = session, preferences.memory, journals
        layers.scheme_requested.connect(self.choose)

    def choose(self, layer: Layer, scheme: LabelScheme) -> None:
        """Do what a person says of one layer."""
        if layer.labels.scheme == scheme:
            return
        reference = self._own_reference
        if _is_computed(layer):
            if self._renumber(layer, scheme) and reference is None:
                self._session.number_as(scheme)
                self._remember(NEW_MASKS, scheme)
            return
        saved_as = layer.saved_as  # of an annotation the note in it tells of another scheme then: it is unsaved
        layer.labels = layer.labels.with_scheme(scheme)
        if layer is reference:
            for other in self._session.layers:
                if _is_computed(other):
                    self._renumber(other, network_numbering(scheme, _tissues_of(other)))
        if saved_as is not None:
            self._remember(saved_as.name, scheme)

    @property
    def _own_reference(self) -> Layer | None:
        """The mask that new ones are numbered as."""
        return next((layer for layer in self._session.layers if layer.role is LayerRole.REFERENCE), None)

    def _renumber(self, layer: Layer, scheme: LabelScheme) -> bool:
        """Give a network's mask other numbers for what it found; that is in no file then."""
        try:
            values = translated(layer.labels, scheme)
        except BrainsegError as error:
            self._session.say(notice_of(error))
            return False
        layer.labels = LabelMap(values, layer.labels.grid, scheme)
        layer.saved_as = None
        return True

    def _remember(self, name: str, scheme: LabelScheme) -> None:
        try:
            self._memory.set_scheme(self._journals.study.digest(), name, scheme)
        except OSError as error:
            what = f"How the labels are read is not remembered ({error.strerror or error})"
            self._session.say(Notice(what, "Free some space on the disk, and choose the scheme again"))


def _tissues_of(layer: Layer) -> Sequence[str]:
    """What a network's mask needs numbers for: the usual tissues, or those that it holds where they are others."""
    held = [layer.labels.scheme.meaning_of(value) for value in layer.labels.present()]
    return NETWORK_CLASSES[1:] if set(held) <= set(NETWORK_CLASSES) else held


def _is_computed(layer: Layer) -> bool:
    """Whether a network made it in this program: it knows what it found, whatever the numbers."""
    return layer.role is LayerRole.PREDICTION and bool(layer.model_sha256)
