"""Segment: the engine, its warm start, and the prediction layer that comes of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFileDialog, QWidget

from brainseg_gui.controllers.jobs.job import Job, abandon_jobs
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.segmenting.model_list import ModelList
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.errors import BrainsegError, listed
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labelling.known_schemes import network_numbering
from brainseg_gui.imaging.labels import LabelMap, LabelScheme, from_network_classes, regions
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.segmenting.segment_panel import SegmentPanel

if TYPE_CHECKING:  # the window's first picture does not wait for the engine
    from brainseg_gui.annotation.case_order import CaseSigns
    from brainseg_gui.inference.clicks.click_network import ClickNetwork
    from brainseg_gui.inference.engine.engine import Engine
    from brainseg_gui.inference.models.model_folder import ModelFolder
    from brainseg_gui.inference.options import SegmentOptions, SegmentResult

log = logging.getLogger(__name__)

_IDLE_MS = 1500


@dataclass(frozen=True, eq=False)
class _Answer:
    """A finished segmentation and the case that it is of."""

    case: Case
    labels: LabelMap
    result: SegmentResult
    model_sha256: str


class SegmentController(QObject):
    """Runs the chosen network on the open case.

    Parameters
    ----------
    engine
        Whatever can `start`, `segment` and `close`, as tests give their own; None for the real one.
    """

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        engine: Engine | None,
        panel: SegmentPanel,
    ) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._given_engine = engine
        self.models = ModelList(session, preferences, self)
        self._job: Job | None = None
        self._segmented: Case | None = None
        self._started = 0.0
        self._warm = QTimer(self)
        self._warm.setSingleShot(True)
        self._warm.setInterval(_IDLE_MS)
        self._warm.timeout.connect(self._warm_up)
        panel.segment_requested.connect(self.segment)
        panel.cancel_requested.connect(self.cancel)
        panel.model_folder_requested.connect(self.choose_model_folder)
        session.case_changed.connect(self._judge)
        session.cohort_run.work.events.running.connect(self._judge)
        state = session.segmenting
        state.device = preferences.choice("device", ("auto", "cpu", "gpu"))
        state.precision = preferences.choice("precision", ("auto", "float32", "bfloat16"))
        state.keep_probabilities = preferences.get("keep probabilities", False)
        for field in (state.events.model, state.events.device, state.events.precision):
            field.connect(self._on_choice_changed)
        state.events.keep_probabilities.connect(partial(preferences.set, "keep probabilities"))

    @cached_property
    def _engine(self) -> Engine:
        from brainseg_gui.inference.engine.engine import Engine

        return self._given_engine or Engine()

    def find_models(self) -> None:
        """List the models, and start the engine when idle."""
        self.models.find()
        self._judge()
        self._warm.start()

    def choose_model_folder(self) -> None:
        """Ask for a model folder and choose it."""
        folder = QFileDialog.getExistingDirectory(self._window, "Choose model folder")
        if folder:
            self.models.use(Path(folder))

    def segment(self) -> None:
        """Run the network on the open case."""
        state, case, model = self._session.segmenting, self._session.case, self.models.chosen
        if state.running:
            return
        if state.unavailable or case is None or model is None:
            self._session.say(Notice(f"Segment is not available: {state.unavailable}", problem=False))
            return
        self._warm.stop()
        self._session.say(None)
        options = self._options(keep_probabilities=state.keep_probabilities)
        state.begin("starting the engine", self._preferences.expected_seconds(self._timing_key))
        self._started = time.monotonic()
        self._segmented = case
        self._job = Job(_segment(self._engine, case, self._session.scheme, model, options), self)
        self._job.progressed.connect(self._on_progressed)
        self._job.succeeded.connect(self._on_succeeded)
        self._job.failed.connect(self._on_failed)
        self._job.cancelled.connect(self._on_cancelled)
        self._job.start()

    def segment_with_probabilities(self) -> None:
        """Run the network and keep how sure it was, from now on."""
        self._session.segmenting.keep_probabilities = True
        self.segment()

    def cancel(self) -> None:
        """Stop the network; the case and its masks stay as they are."""
        if self._job is not None:
            self._job.cancel()
            self._session.segmenting.stage = "cancelling"

    @property
    def network(self) -> tuple[Engine, ModelFolder, SegmentOptions] | None:
        """The engine, the chosen model and where it runs; None without a model."""
        return (self._engine, self.models.chosen, self._options()) if self.models.chosen is not None else None

    def click_network(self) -> ClickNetwork | None:
        """The network that answers clicks, if the program has one; reads files, so not in the window's thread."""
        from brainseg_gui.inference.clicks.click_network import shipped_click_network

        return shipped_click_network(self._engine)

    def close(self) -> None:
        """Stop the network and end its process, when the program ends."""
        self._warm.stop()
        self.models.close()
        self._job = None
        abandon_jobs(self)
        if "_engine" in self.__dict__:
            self._engine.close()

    def _options(self, *, keep_probabilities: bool = False) -> SegmentOptions:
        from brainseg_gui.inference.options import SegmentOptions

        state = self._session.segmenting
        return SegmentOptions(state.device, state.precision, keep_probabilities)  # type: ignore[arg-type]

    @property
    def _timing_key(self) -> str:
        state = self._session.segmenting
        return f"{state.model.title if state.model else ''} {state.device} {state.precision}"

    def _warm_up(self) -> None:
        """Start the engine while nothing else happens, so that the first click is already warm."""
        state = self._session.segmenting
        if self.models.chosen is None or state.running or self._session.cohort_run.work.running:
            return
        try:
            self._engine.start(self.models.chosen, self._options())
        except BrainsegError as error:
            log.warning("the engine did not start, the next click will try again: %s", error)

    def _on_choice_changed(self) -> None:
        state = self._session.segmenting
        self._preferences.set("device", state.device)
        self._preferences.set("precision", state.precision)
        if state.model is not None:
            self._preferences.set("model", str(state.model.folder))
        self._judge()
        self._warm.start()

    def _judge(self, *_: object) -> None:
        """Say why Segment is not available, if it is not."""
        if self._job is not None and self._segmented is not self._session.case:
            self.cancel()  # its result would be of a case that is no longer open
        state = self._session.segmenting
        if self._session.previewing and not state.running:
            state.outcome = ""  # it was about the case before
        state.unavailable = self._reason()
        state.caution = "" if state.unavailable else self._caution()

    def _reason(self) -> str:
        case, model = self._session.case, self.models.chosen
        if self._session.previewing:
            return "The case is still being read"
        if case is None:
            return "Open a case first"
        if model is None:
            return "Choose a model folder first"
        if self._session.cohort_run.work.running:
            return "The cases of the list are being segmented"
        from brainseg_gui.inference.options import missing_modalities

        missing = missing_modalities(case.volumes, model)
        if missing:
            names = listed([modality.title for modality in missing])
            return f"{model.title} needs {names}, which this case does not have"
        return ""

    def _caution(self) -> str:
        from brainseg_gui.inference.images_used import cautions_of

        case, model = self._session.case, self.models.chosen
        return ". ".join(cautions_of(case, model.passport)) if case is not None and model is not None else ""

    def _on_progressed(self, progress: Progress) -> None:
        state = self._session.segmenting
        state.stage, state.detail, state.done = progress.stage, progress.detail, progress.done

    def _on_succeeded(self, answer: _Answer) -> None:
        self._job = self._segmented = None
        seconds = time.monotonic() - self._started
        state = self._session.segmenting
        self._preferences.set_expected_seconds(self._timing_key, seconds)
        if answer.case is not self._session.case:
            state.end(f"Segmented {answer.case.case_id}; not kept, because another case was opened meanwhile")
            return
        state.end(_outcome(answer.result, seconds))
        self._session.add_prediction(prediction_layer(answer.labels, answer.result, answer.model_sha256))
        if any(source.identity == answer.case.source.identity for source in self._session.cohort):
            self._session.case_needs.tell(answer.case.source.identity, signs_of(answer.labels, answer.result))
        if answer.result.notes:
            self._session.say(Notice(". ".join(answer.result.notes), problem=False))
        elif not answer.labels.values.any():
            self._session.say(Notice("The network found no tumour in this case", problem=False))

    def _on_failed(self, error: Exception) -> None:
        self._job = self._segmented = None
        if isinstance(error, BrainsegError):  # others are logged with their traceback
            log.warning("not segmented: %s %s", error, " ".join(getattr(error, "__notes__", ())))
        self._session.segmenting.end("Not segmented; the case and its masks are as they were")
        self._session.say(notice_of(error, (("Segment again", "segment.run"),)))

    def _on_cancelled(self) -> None:
        other = self._segmented is not self._session.case
        self._job = self._segmented = None
        why = "Cancelled, because another case was opened" if other else "Cancelled; nothing was changed"
        self._session.segmenting.end(why)
        self._warm.start()


def _segment(
    engine: Engine, case: Case, scheme: LabelScheme, model: ModelFolder, options: SegmentOptions
) -> Generator[Progress, None, _Answer]:
    result = yield from engine.segment(case, model, options)
    scheme = network_numbering(scheme, model.passport.output.tissues)
    labels = LabelMap(from_network_classes(result.classes, scheme), case.grid, scheme)
    _ = labels.counts  # here, so that the window need not count
    return _Answer(case, labels, result, model.passport.sha256)


def prediction_layer(labels: LabelMap, result: SegmentResult, model_sha256: str) -> Layer:
    """The layer that a segmentation becomes."""
    name = f"{result.model}, {datetime.now():%H:%M}"
    layer = Layer(name, LayerRole.PREDICTION, labels, result.model, style=OverlayStyle.FILL)
    layer.probabilities, layer.model_sha256, layer.sure_ml = result.probabilities, model_sha256, result.sure_ml
    return layer


def signs_of(labels: LabelMap, result: SegmentResult) -> CaseSigns:
    """What the case list ranks by."""
    from brainseg_gui.annotation.case_order import CaseSigns

    expected = {region: known.dice for region, known in result.expected_dice.items()}
    return CaseSigns(expected, {region.key: labels.volume_ml(region) for region in regions()})


def _outcome(result: SegmentResult, seconds: float) -> str:
    kept = f"; probabilities {result.probabilities.megabytes:.0f} MB" if result.probabilities else ""
    from brainseg_gui.inference.expected_dice import expectation

    speed = f"{result.device}, {result.precision}: {seconds:.1f} s{kept}"
    expected = expectation(result.expected_dice).replace(" ± ", "\u00a0±\u00a0").replace(" .", "\u00a0.")
    return "\n".join(filter(None, (speed, expected)))  # a number stays on the line of its region
