"""Where a mask goes: to its file again, to the place that follows from the case, or where a person wants it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from brainseg_gui.annotation.saving.mask_paths import (
    ANNOTATION,
    PREDICTION,
    free_path,
    home_of,
    homes_of,
    mask_names,
)
from brainseg_gui.annotation.saving.save_mask import Doubt, SaveRequest
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.errors import printable
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.cases.background_thread import answer_soon
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Session


class SavePlaces:
    """Knows the folders for masks, and which files a person chose: these stay where they are."""

    def __init__(self, session: Session, preferences: Preferences) -> None:
        self._session, self._preferences = session, preferences
        self._chosen: set[Path] = set()

    def note_chosen(self, path: Path) -> None:
        """A mask lies under a name that a person chose."""
        self._chosen.add(path)

    def proposed_for(self, layer: Layer, source: CaseSource) -> Path:
        """The name that a person is offered for a layer."""
        return layer.file.path if layer.file is not None else self._free_path(source, _kind_of(layer))

    def request_for(self, case: Case, layer: Layer, labels: LabelMap, chosen: Path | None, study: str) -> SaveRequest:
        """What a save of a layer is asked to do.

        Parameters
        ----------
        labels
            What is to be in the file, now.
        chosen
            Where a person wants it; None for its own place.
        study
            Digest of the case, if it is known already; else empty.
        """
        return SaveRequest(
            case,
            labels,
            _kind_of(layer),
            layer.file,
            chosen,
            self._session.output.tree,
            self._left_homes(case.source, layer),
            self._known_cases(case.source),
            study,
            self._settled(layer, chosen),
        )

    def _free_path(self, source: CaseSource, kind: str) -> Path:
        """Where a new mask may go; the drive may not answer."""
        home = home_of(source, self._session.output.tree)
        folder = home if answer_soon(home.is_dir, False) else source.folder
        best = folder / next(mask_names(source.case_id, kind))
        return answer_soon(partial(free_path, folder, source.case_id, kind), best)

    def _left_homes(self, source: CaseSource, layer: Layer) -> tuple[Path, ...]:
        """Where masks of a case went before; nothing for one whose place a person chose."""
        output = self._session.output
        chosen = layer.file is not None and layer.file.path in self._chosen
        return () if chosen else homes_of(source, output.tree, output.earlier)[:-1]

    def _settled(self, layer: Layer, chosen: Path | None) -> frozenset[Doubt]:
        """What is no question for a file again that a person chose for this mask."""
        again = layer.file is not None and layer.file.path in self._chosen and chosen in (None, layer.file.path)
        return frozenset({Doubt.REFERENCE, Doubt.OTHER_CASE}) if again else frozenset()

    def _known_cases(self, source: CaseSource) -> tuple[CaseSource, ...]:
        recent = [folder for folder in self._preferences.recent if folder != source.folder]
        return (*self._session.cohort, *(CaseSource(printable(folder.name), folder, {}) for folder in recent))


def _kind_of(layer: Layer) -> str:
    """What a layer's file is called besides the name of the case."""
    if layer.role is LayerRole.ANNOTATION:
        return ANNOTATION
    return PREDICTION if layer.role is LayerRole.PREDICTION and not layer.made_from else layer.name
