"""Click: the person says where the mask is wrong, and the rest is found; shown first, then accepted."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from brainseg_gui.annotation.effect import effect_of
from brainseg_gui.annotation.tools.click_answers import BY_IMAGES, Answer
from brainseg_gui.annotation.tools.clicks import is_nested
from brainseg_gui.controllers.annotating.hand.click_asking import Once, answer_to
from brainseg_gui.controllers.annotating.hand.click_gesture import AskedClick, ClickGesture
from brainseg_gui.controllers.annotating.hand.click_memory import ClickMemory, holds_already, said_there
from brainseg_gui.controllers.annotating.hand.click_stages import (
    BY_IMAGES_MEANWHILE,
    FORBIDDEN,
    KEPT_SO,
    NOTHING,
    NOTHING_MORE,
    TOOL,
    ClickStage,
    accepted_words,
)
from brainseg_gui.controllers.annotating.hand.waiting_clicks import WaitingClicks
from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.hints import Hint
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.slices.hand_event import HandEvent


class ClickTool(QObject):
    """Clicks are answered one after the other; accepting makes each of them an edit.

    A drag is a scribble; with Shift, a box. What waits to be accepted is hatched, as proposals are.

    Parameters
    ----------
    network_of
        Gives the network that knows the regions of tumours, or None; asked in threads. What of it is damaged is said
        once, when the images answer in its place.

    Signals
    -------
    changed
        A click came, was answered, accepted or dropped.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject, network_of: Once) -> None:
        super().__init__(parent)
        self._session, self._annotating = session, session.annotating
        self._network_of = network_of
        self._state = session.annotating.clicking
        self._work = LatestJob(session, self)
        self._gesture, self._waiting = ClickGesture(session), WaitingClicks(session)
        self._asked: list[AskedClick] = []
        self._told: BrainsegError | None = None
        self._memory = ClickMemory()
        self._accepted = 0  # of those asked, the first so many
        self._committing = False
        for signal in (self._annotating.edited, self._annotating.moved):
            signal.connect(self._on_changed_elsewhere)
        self._annotating.preview_changed.connect(self._on_preview_changed)
        self._annotating.rules_changed.connect(self._on_rules_changed)
        self._annotating.annotation_changed.connect(self._forget)

    @property
    def busy(self) -> bool:
        return self.waits or self._gesture.begun

    @property
    def waits(self) -> bool:
        """Whether clicks are shown, or worked on, that are not accepted yet."""
        return bool(self._waiting or self._asked)

    # the mouse

    def press(self, event: HandEvent) -> None:
        """Begin a click, a scribble or a box."""
        self._gesture.press(event)

    def double_click(self, event: HandEvent) -> None:
        """The second of two quick clicks."""
        self._gesture.press(event)

    def move(self, event: HandEvent) -> None:
        """Draw the scribble or the box."""
        self._gesture.move(event)

    def release(self, event: HandEvent) -> None:
        """Ask what the click, scribble or box comes to."""
        if (asked := self._gesture.release()) is not None:
            self._ask(asked)

    def let_go(self) -> None:
        """The mouse went elsewhere before its button was released: what was being drawn is not asked."""
        self._gesture.drop()

    # answers, one after the other

    def _ask(self, asked: AskedClick) -> None:
        self._asked.append(asked)
        self._state.working = True
        if len(self._asked) == 1:
            self._answer_next()
        self.changed.emit()

    def _answer_next(self) -> None:
        case, annotation = self._session.case, self._annotating.annotation
        if not self._asked or case is None or annotation is None:
            return
        values = self._waiting.values if self._waiting.values is not None else annotation.snapshot().values
        hints = [*self._hints, self._asked[0].hint]
        work = answer_to(case, values, annotation.labels.scheme, hints, self._network_of)
        self._work.start(work, self._on_answer, self._on_failed)

    @property
    def _hints(self) -> list[Hint]:
        """What was said of the annotation as it is: clicks that changed nothing, that are edits, and that wait."""
        return [*self._memory.noted, *self._changing]

    @property
    def _changing(self) -> list[Hint]:
        """Accepted clicks that were not undone, and those that wait."""
        return [*self._memory.made(self._annotating.annotation), *self._waiting.hints]

    def _on_answer(self, answer: Answer) -> None:
        asked, annotation = self._asked.pop(0), self._annotating.annotation
        if answer.by == BY_IMAGES:
            self._tell_fault()
        if annotation is None:
            return
        values = self._waiting.values if self._waiting.values is not None else annotation.settled
        effect = effect_of(answer.change, values, annotation.rules)
        if effect is None:
            known = holds_already(asked.hint, values, annotation.labels.scheme)
            self._state.words = FORBIDDEN if answer.change is not None else self._noted(asked.hint, known)
        else:
            # what is seen is what is accepted, whatever label is in the hand by then
            change = replace(effect.change, paint_over=False)
            self._waiting.add(ClickStage(asked.hint, asked.title, change, self._by(answer, asked.hint)))
        self._go_on()

    def _by(self, answer: Answer, hint: Hint) -> str:
        """Who answered; of the images also why, where the network could not be asked and soon can."""
        busy = self._session.segmenting.running or self._session.cohort_run.work.running
        return BY_IMAGES_MEANWHILE if busy and answer.by == BY_IMAGES and is_nested(hint) else answer.by

    def _noted(self, hint: Hint, known: bool) -> str:
        """Remember a click that changes nothing where the annotation is known to be as it says; returns its words."""
        nothing = NOTHING_MORE if self._waiting else NOTHING
        if not known or said_there(hint, self._hints):
            return nothing
        self._memory.note(hint, len(self._changing))
        return nothing + KEPT_SO

    def _tell_fault(self) -> None:
        network = self._network_of.made
        if network is not None and network.fault is not None and network.fault is not self._told:
            self._told = network.fault
            self._session.say(notice_of(network.fault))

    def _on_failed(self) -> None:
        del self._asked[:1]
        self._go_on()

    def _go_on(self) -> None:
        if self._accepted:
            self._accepted -= 1
            if not self._accepted:
                self._commit()
        self._state.waiting, self._state.working = len(self._waiting), bool(self._asked)
        self._answer_next()
        self.changed.emit()

    # accepting and dropping

    def accept(self) -> bool:
        """Make every click that waits an edit, now or as soon as it is answered; returns whether there is one.

        What is clicked afterwards is another matter: nobody has seen what it comes to.
        """
        if self._asked:
            self._accepted = len(self._asked)
        elif self._waiting:
            self._commit()
        else:
            return False
        return True

    def finish(self) -> None:
        """Keep what is shown; what is not answered yet was not seen by anybody, and it is said that it is dropped."""
        self._work.stop()
        if self._asked:
            clicks = "A click was" if len(self._asked) == 1 else f"{len(self._asked)} clicks were"
            self._session.say(Notice(f"{clicks} not answered yet, and changed nothing", problem=False))
        self._asked.clear()
        self._gesture.drop()
        self._commit()

    def keep_shown(self) -> None:
        """Make what is shown an edit; what is not answered yet goes on being asked."""
        if self._waiting:
            accepted = self._accepted
            self._commit()
            self._accepted, self._state.working = accepted, bool(self._asked)

    def cancel(self) -> None:
        """Drop all clicks that wait."""
        self._work.stop()
        self._asked.clear()
        self._gesture.drop()
        self._waiting.take()
        self._end("")

    def take_back(self) -> None:
        """Drop the last click."""
        if self._asked:
            self._asked.pop()
            if not self._asked:
                self._work.stop()
        elif self.forget_note():
            return
        else:
            self._waiting.drop_last()
        self._state.waiting, self._state.working = len(self._waiting), bool(self._asked)
        self._accepted = min(self._accepted, len(self._asked))
        self._waiting.show()
        self._state.words = ""
        self.changed.emit()

    def forget_note(self) -> bool:
        """Forget the last click if it changed nothing and nothing came after it; returns whether it was so."""
        hint = self._memory.drop_note(len(self._changing))
        if hint is not None:
            self._state.words = f"{hint.words} taken back"
            self.changed.emit()
        return hint is not None

    def close(self) -> None:
        """End the thread, when the program ends."""
        self._work.close()

    def _commit(self) -> None:
        self._committing, words = True, self._state.words
        try:
            stages = self._waiting.take()
            for stage in stages:
                edit = self._annotating.edit(stage.change, stage.title, TOOL)
                if edit is not None:
                    self._memory.add(edit, stage.hint)
                    words = accepted_words(self._waiting.words) if stage is stages[-1] else words
        finally:
            self._committing = False
        self._end(words)

    def _end(self, words: str) -> None:
        self._accepted = 0
        self._state.waiting, self._state.working, self._state.words = 0, False, words
        self.changed.emit()

    def _on_changed_elsewhere(self, *_: object) -> None:
        """Clicks that wait were answered for other voxels, and what was said of the last one is past."""
        if self._committing:
            return
        if self.waits:
            self.cancel()
        self._state.words = ""

    def _on_rules_changed(self) -> None:
        """What a lock bars is hatched no longer."""
        if self._waiting and self._waiting.locked_otherwise:
            self._waiting.show()

    def _on_preview_changed(self) -> None:
        """Another proposal takes the place: what waits was seen, and is kept."""
        if self._waiting and not self._committing and not self._waiting.are_shown:
            self._commit()

    def _forget(self) -> None:
        self.cancel()
        self._memory.clear()
