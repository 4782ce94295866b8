"""What a save of a mask does beside the window: write it with its note, and remember where it went."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from brainseg_gui import __version__
from brainseg_gui.annotation.history import History
from brainseg_gui.annotation.provenance import provenance
from brainseg_gui.annotation.saving.mask_paths import home_of
from brainseg_gui.annotation.saving.save_mask import SavedMaskFile, SaveRequest, save_mask
from brainseg_gui.annotation.saving.study_memory import StudyMemory
from brainseg_gui.controllers.annotating.annotation_record import AnnotationRecord, origin_of
from brainseg_gui.controllers.settings.person import person
from brainseg_gui.errors import SaveError
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.layers import Layer

After = Callable[[bool], None]
"""Called when a save has ended, with whether the mask is in a file."""


@dataclass(frozen=True, eq=False)
class PendingSave:
    """One save under way: what is written while the person goes on, and what waits for it."""

    request: SaveRequest
    layer: Layer
    record: AnnotationRecord | None
    history: History
    then: After


def written(
    save: PendingSave, layers: Sequence[Layer], memory: StudyMemory
) -> Generator[Progress, None, SavedMaskFile]:
    """Write the mask; of an annotation, also how it was made, and of a prepared case on each of its series."""
    record, request = save.record, save.request
    made_by = save.layer.author if save.layer.model_sha256 else ""
    note = partial(_note, record, save, layers) if record is not None else None
    saved = yield from save_mask(request, note, made_by, save.layer.sure_ml if made_by else {})
    if record is not None:
        with suppress(OSError):  # the mask is saved all the same
            _remember(memory, saved, request)
        problem = yield from _back_on_series(request, saved)
        saved = replace(saved, problem=saved.problem or problem)
    return saved


def _back_on_series(request: SaveRequest, saved: SavedMaskFile) -> Generator[Progress, None, SaveError | None]:
    from brainseg_gui.preparation import RECORD  # nothing of what prepares is loaded before it is needed

    source = request.case.source
    if not (source.folder / RECORD).is_file():
        return None
    from brainseg_gui.preparation.edits_back import edits_back

    return (yield from edits_back(source.folder, source.case_id, request.labels, saved.file.path))


def _note(record: AnnotationRecord, save: PendingSave, layers: Sequence[Layer], study: str) -> dict[str, Any]:
    copied = {edit.source.layer for edit in save.history.applied}
    origins = [origin_of(layer) for layer in layers if layer.name in copied]
    return provenance(
        save.request.labels,
        save.history,
        record.start,
        layers=origins,
        program=__version__,
        annotator=person(),
        study=study,
        began=record.began,
        earlier=record.earlier,
    )


def _remember(memory: StudyMemory, saved: SavedMaskFile, request: SaveRequest) -> None:
    """An annotation that lies where nobody would look is remembered; its note tells its scheme now."""
    source, path = request.case.source, saved.file.path
    if path.parent not in (source.folder, home_of(source, request.tree)):
        memory.add_mask(saved.study, path)
    if path.name in memory.schemes_of(saved.study):
        memory.set_scheme(saved.study, path.name, None)
