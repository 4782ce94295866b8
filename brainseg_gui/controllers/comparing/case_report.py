"""The report of what is open: one case with its masks, as HTML or PDF."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.annotation.saving.mask_paths import homes_of
from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.layers.save_dialog import ask_path
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.evaluation.metrics.rules import DEFAULT, rules_named
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.progress import Progress, scaled
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Notice, Session

if TYPE_CHECKING:
    from brainseg_gui.followup.own_masks import Homes
    from brainseg_gui.followup.visits import TimeLine

FILTER = "Page of HTML (*.html);;PDF (*.pdf)"
_Named = tuple[LabelMap, Path, str, str]
_MOST_OTHERS = 4  # masks besides the two that are compared: more have no room on a page
_WRITTEN_BY_MS = 60_000  # a report that is being drawn cannot be cut short


@dataclass(frozen=True, eq=False)
class VisitsWanted:
    """What is known of the case's patient when the report is asked for.

    Parameters
    ----------
    line
        The time line that is open, if the case is a visit of it; else the visits are looked for near the case.
    homes
        Where masks lie.
    mine
        The mask of the case that earlier visits are compared with, and its name.
    """

    line: TimeLine | None
    homes: Homes
    mine: tuple[str, LabelMap] | None


class CaseReportController(QObject):
    """Asks for a file and writes the report there, as a job: the two masks are those that are compared."""

    def __init__(self, session: Session, window: QWidget, preferences: Preferences) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._job: Job | None = None

    def choose(self) -> None:
        """Let the person choose where the report of the open case goes."""
        case = self._session.case
        if case is None:
            self._session.say(Notice("A report is about an open case", "Open a case first"))
            return
        folder = Path(self._preferences.get("last report folder", str(Path.home())))
        proposal = folder / f"{case.case_id}_report.html"
        path = ask_path(
            self._window,
            "Save case report",
            proposal,
            FILTER,
            lambda typed, kind: _with_ending(typed, proposal, ".pdf" if "pdf" in kind else ".html"),
        )
        if path is not None:
            self._preferences.set("last report folder", str(path.parent))
            self.save_as(path)

    def save_as(self, path: Path) -> None:
        """Write the report of what is open now; what is done meanwhile does not come into it."""
        case, layers = self._session.case, self._session.layers
        if case is None:
            return
        if self._job is not None:
            self._session.say(Notice("A report is being written", "Wait for its end", problem=False))
            return
        reference, prediction = layers.reference, layers.prediction
        second = prediction if prediction is not reference else None
        others = [layer for layer in layers if layer not in (reference, second)][-_MOST_OTHERS:]
        self._session.reporting.begin("writing the report")
        first_mask = self._named(reference, "Reference") if reference is not None else None
        second_mask = self._named(second, second.title_compared) if second is not None else None
        rest = [self._named(layer, layer.name) for layer in others]
        visits = VisitsWanted(self._line_of(case), self._homes(), self._compared_over_visits())
        self._job = Job(_written(case, first_mask, second_mask, rest, visits, path), self)
        self._job.progressed.connect(self._on_progressed)
        self._job.succeeded.connect(self._on_written)
        self._job.failed.connect(self._on_not_written)
        self._job.finished.connect(self._on_finished)
        self._job.start()

    def _named(self, layer: Layer, title: str) -> _Named:
        labels = self._session.annotating.at_rest(layer.labels)
        saved = f"saved as {layer.saved_as.name}" if layer.saved_as is not None else "not saved"
        note = f"{layer.name}, {saved}; read as {labels.scheme.title}"
        return labels, layer.saved_as or Path(layer.name), note, title

    def _line_of(self, case: Case) -> TimeLine | None:
        """The time line that the case is a visit of, where one is open."""
        following = self._session.following
        return following.line if following.visit_of(case) is not None else None

    def _homes(self) -> Homes:
        output = self._session.output
        return partial(homes_of, tree=output.tree, earlier=output.earlier)

    def _compared_over_visits(self) -> tuple[str, LabelMap] | None:
        """The mask that stands beside those of the earlier visits: of them too a person's newest one counts first."""
        layers = self._session.layers
        annotations = [layer for layer in layers if layer.role is LayerRole.ANNOTATION]
        layer = annotations[-1] if annotations else layers.reference or layers.prediction
        return (layer.name, self._session.annotating.at_rest(layer.labels)) if layer is not None else None

    def _on_progressed(self, progress: Progress) -> None:
        self._session.reporting.done = progress.done
        self._session.reporting.stage = progress.stage

    def _on_written(self, path: Path) -> None:
        self._session.reporting.end(f"Saved {path.name}")
        self._session.say(Notice(f"Saved {path}", problem=False))

    def _on_not_written(self, error: Exception) -> None:
        self._session.reporting.end("Not saved")
        self._session.say(notice_of(error, (("Save elsewhere…", "file.report"),)))

    def _on_finished(self) -> None:
        self._job = None

    def close(self) -> None:
        """Let what is being written finish, when the program ends."""
        if self._job is not None:
            self._job.wait(_WRITTEN_BY_MS)


def _with_ending(path: Path, proposal: Path, ending: str) -> Path:
    """A name as typed, with the ending of the chosen kind where it has none, or only the proposal's."""
    if path == proposal:
        return path.with_suffix(ending)
    if path.suffix.lower() in (".html", ".htm", ".pdf"):
        return path
    return path.with_name(f"{path.name}{ending}")


def _written(
    case: Case,
    reference: _Named | None,
    prediction: _Named | None,
    others: Sequence[_Named],
    visits: VisitsWanted,
    path: Path,
) -> Generator[Progress, None, Path]:
    # imported on the job's thread: matplotlib takes half a second
    from brainseg_gui.anatomy.case_places import with_places
    from brainseg_gui.evaluation.documents.case_file import check_report_file, write_report
    from brainseg_gui.evaluation.figures.fonts import close_fonts
    from brainseg_gui.evaluation.reports.case_content import NamedMask, content_of
    from brainseg_gui.followup.documents.case_visits import with_visits
    from brainseg_gui.followup.own_masks import newest_masks
    from brainseg_gui.followup.visits_near import visits_near

    check_report_file(path)
    first, second = (NamedMask(*mask) if mask is not None else None for mask in (reference, prediction))
    rest = [NamedMask(*mask) for mask in others]
    content = yield from scaled(content_of(case, first, second, rules_named(DEFAULT), rest), 0.0, 0.4)
    content = yield from scaled(with_places(content), 0.4, 0.5)
    line = visits.line or visits_near(case.source)
    masks = newest_masks(line.visits, visits.homes) if line is not None else {}
    content = yield from scaled(with_visits(content, line, masks, mine=visits.mine), 0.5, 0.6)
    yield Progress("drawing the report", 0.6, path.name)
    try:
        write_report(content, path)
    finally:
        close_fonts()
    return path
