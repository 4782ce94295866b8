"""Learn from corrected cases: what the window shows, and the work behind its buttons, each step on a thread."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from brainseg_gui.annotation.saving.mask_paths import homes_of
from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.settings.side_window import SideWindow
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.learning.change_picture import change_picture
from brainseg_gui.learning.comparing import compare_networks
from brainseg_gui.learning.gate import CaseChange
from brainseg_gui.learning.learning_set import LearningRequest, learning_config, prepare_learning
from brainseg_gui.learning.promotion import promote, promotions, take_back
from brainseg_gui.learning.sides import FEWEST_PATIENTS, accepted
from brainseg_gui.learning.stage import LearningRun, LearningStage, learning_run, newest_learning
from brainseg_gui.progress import Progress
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.state.session import Session
from brainseg_gui.state.training.learning import Learning

if TYPE_CHECKING:
    from brainseg_gui.inference.engine.engine import Engine
    from brainseg_gui.inference.models.model_folder import ModelFolder
    from brainseg_gui.inference.options import SegmentOptions
    from brainseg_gui.views.training.learn_window import LearnWindow

_EVERY_MS = 2000
_NAME = "corrected"

Work = Generator[Progress, None, Any]
Found = tuple[LearningRun | None, str]


@dataclass(frozen=True)
class NetworkInUse:
    """The network of the Segment panel, and how it is changed.

    Parameters
    ----------
    chosen
        Gives it and how it is run; None while none is chosen.
    use
        Chooses another one, by its folder.
    """

    chosen: Callable[[], tuple[ModelFolder, SegmentOptions] | None]
    use: Callable[[Path], object]


def _real_engine() -> Engine:
    from brainseg_gui.inference.engine.engine import Engine

    return Engine()


class LearningController(QObject):
    """Opens the window, begins runs, follows the newest one, compares, promotes and takes back.

    Parameters
    ----------
    network
        That of the Segment panel.
    show_training
        Opens the window of runs.
    launch
        Starts the trainer of a run folder; tests give their own.
    make_engine
        Makes what runs the two networks: a process of its own, beside that of Segment.
    """

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        network: NetworkInUse,
        show_training: Callable[[], object],
        launch: Callable[[RunFolder], int] = RunFolder.launch,
        make_engine: Callable[[], Engine] = _real_engine,
    ) -> None:
        super().__init__(window)
        self._session, self._preferences, self._network = session, preferences, network
        self._show_training, self._launch, self._make_engine = show_training, launch, make_engine
        self.learning = Learning()
        self._side = SideWindow(self._make_window, preferences, "learn")
        self._looking, self._drawing = LatestJob(session, self), LatestJob(session, self)
        self._doing = LatestJob(session, self)
        self._doing.progressed.connect(self._on_progressed)
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.timeout.connect(self.look)
        for signal in (session.cohort_changed, session.case_states.changed, session.segmenting.events.model):
            signal.connect(self._judge)

    @property
    def window(self) -> LearnWindow | None:
        """The window; None before it is first shown."""
        return self._side.window

    def show(self) -> None:
        """Open the window, or bring it to the front."""
        self._judge()
        self._side.show()

    def close(self) -> None:
        """Stop what is done here and put the window away, when the program ends; trainings go on."""
        self._timer.stop()
        for job in (self._looking, self._drawing, self._doing):
            job.close()
        self._side.close()

    def _make_window(self) -> LearnWindow:
        from brainseg_gui.views.training.learn_window import LearnWindow

        window = LearnWindow(self.learning)
        window.begin_requested.connect(self.begin)
        window.step_requested.connect(self.step)
        window.cancel_requested.connect(self.cancel)
        window.take_back_requested.connect(self.take_back)
        window.picture_requested.connect(self._draw)
        window.shown.connect(self._on_shown)
        window.hidden.connect(self._timer.stop)
        return window

    # where things are

    @property
    def models(self) -> Path:
        """Folder of promoted networks."""
        return self._preferences.journals.parent / "models"

    @property
    def runs(self) -> Path:
        """Folder of runs: that of the training window, which lists what is begun here too."""
        return Path(self._preferences.get("runs folder", str(Path.home() / "brainseg-runs")))

    def _homes(self, source: CaseSource) -> tuple[Path, ...]:
        return homes_of(source, self._session.output.tree, self._preferences.earlier_trees)

    # what a person asks for

    def begin(self) -> None:
        """Copy the corrected cases into a new run folder, and start its trainer."""
        network = self._network.chosen()
        if self.learning.barred or network is None:
            return
        request = LearningRequest(self._accepted(), network[0], learning_config(_NAME), self._homes)
        self._do("looking at the cases", self._beginning(request))

    def step(self) -> None:
        """Do what comes next for the run that is shown."""
        run, network = self.learning.run, self._network.chosen()
        if run is None or self.learning.work.running:
            return
        if run.stage is LearningStage.TO_TRAIN:
            self._do("starting the trainer", _aside(partial(self._launch, run.folder), "starting the trainer"))
        elif run.stage is LearningStage.TRAINING:
            self._show_training()
        elif run.stage is LearningStage.TO_COMPARE and network is not None:
            self._do("comparing", self._comparing(run.folder, network[1]))
        elif run.stage is LearningStage.JUDGED and network is not None:
            work = partial(promote, run.folder, self.models, network[0].path)
            self._do("promoting", _aside(work, "promoting"), self._network.use)

    def take_back(self) -> None:
        """Use the network before the last promotion again."""
        work = _aside(partial(take_back, self.models), "taking back")
        self._do("taking back", work, lambda last: self._network.use(last.before))

    def cancel(self) -> None:
        """Stop what is done here; what is done stays."""
        self._doing.stop()
        self.learning.work.end("Cancelled; what was done stays")
        self.look()

    def look(self) -> None:
        """Find out how the newest run stands."""
        if not self._looking.running and not self.learning.work.running:
            self._looking.start(_aside(self._found, "looking"), self._on_found)

    # how it is done

    def _beginning(self, request: LearningRequest) -> Work:
        folder = yield from prepare_learning(_free(self.runs, _NAME), request)
        yield from waited_for(in_background(partial(self._launch, folder), "start"), Progress("starting", 1.0))

    def _comparing(self, folder: RunFolder, options: SegmentOptions) -> Work:
        with closing(self._make_engine()) as engine:
            return (yield from compare_networks(folder, engine, options))

    def _found(self) -> Found | BrainsegError:
        try:
            shown = self.learning.run
            newest = newest_learning(self.runs, self.models)
            if newest is None and shown is not None and shown.folder.is_there:
                newest = learning_run(shown.folder, self.models)
            known = promotions(self.models)
        except BrainsegError as error:
            return error
        return newest, known[-1].model.name if known else ""

    def _do(self, stage: str, work: Work, then: Callable[[Any], object] = lambda _: None) -> None:
        self._looking.stop()
        self.learning.problem = ""
        self.learning.work.begin(stage)
        self._doing.start(_telling(work), partial(self._on_done, then))

    def _draw(self, change: CaseChange) -> None:
        work = _telling(_aside(partial(change_picture, change), "drawing"))
        self._drawing.start(work, self._on_drawn)

    # what comes back

    def _on_progressed(self, progress: Progress) -> None:
        work = self.learning.work
        work.stage, work.detail, work.done = progress.stage, progress.detail, progress.done

    def _on_done(self, then: Callable[[Any], object], result: object) -> None:
        problem = str(result) if isinstance(result, BrainsegError) else ""
        self.learning.problem = problem
        self.learning.work.end("")
        if not problem:
            then(result)
        self.look()

    def _on_drawn(self, picture: Any) -> None:
        if self.window is not None and not isinstance(picture, BrainsegError):
            self.window.show_picture(picture)

    def _on_found(self, found: Found | BrainsegError) -> None:
        if isinstance(found, BrainsegError):
            self.learning.problem = str(found)
            return
        run, self.learning.promoted = found
        known = self.learning.run
        if known is None or run is None or (known.folder, known.stage, known.status) != (
            run.folder, run.stage, run.status):  # fmt: skip
            self.learning.run = run

    def _on_shown(self) -> None:
        self._timer.start()
        self.look()

    def _accepted(self) -> list[CaseSource]:
        return accepted(self._session.cohort, self._session.case_states.entries)

    def _judge(self, *_: object) -> None:
        cohort, model, done = self._session.cohort, self._session.segmenting.model, len(self._accepted())
        title = model.title if model is not None else "no network"
        self.learning.corrected = (
            f"{done} of {len(cohort)} cases of the list are done. {title} is trained further on their masks; some "
            "patients are held back, and both networks are scored on them."
            if cohort
            else "Open a folder of cases, correct some, and say that they are done: they are learned from."
        )
        few = f"Learning takes cases of {FEWEST_PATIENTS} patients that are done; {done} are"
        self.learning.barred = (
            "Open a folder of cases first" if not cohort else "Choose a model folder first" if model is None
            else few if done < FEWEST_PATIENTS else ""
        )  # fmt: skip


def _aside(call: Callable[[], Any], stage: str) -> Work:
    return (yield from waited_for(in_background(call, stage), Progress(stage, 0.0)))


def _telling(work: Work) -> Work:
    """What went wrong as a result: it is told in the window that asked."""
    try:
        return (yield from work)
    except BrainsegError as error:
        return error


def _free(runs: Path, name: str) -> Path:
    """The first name that no run has."""
    number = 1
    while (runs / f"{name}-{number}").exists():
        number += 1
    return runs / f"{name}-{number}"
