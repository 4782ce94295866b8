"""The clicks that wait to be accepted: hatched as proposals are, and said in words."""

from __future__ import annotations

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.slab import LabelChange, Slab, Values, united
from brainseg_gui.controllers.annotating.hand.click_score import score_words
from brainseg_gui.controllers.annotating.hand.click_stages import TOOL, ClickStage, stacked
from brainseg_gui.imaging.hints import Hint
from brainseg_gui.state.annotating.preview import Preview
from brainseg_gui.state.session import Session


class WaitingClicks:
    """Those that were answered, one upon the other; `session.annotating` shows them.

    Attributes
    ----------
    values
        The annotation with all of them, (I, J, K); None without any.
    words
        What was said of them when they were shown last.
    """

    def __init__(self, session: Session) -> None:
        self._session, self._annotating = session, session.annotating
        self._stages: list[ClickStage] = []
        self._preview: Preview | None = None
        self._locked = self._annotating.rules.locked
        self.values: Values | None = None
        self.words = ""

    def __len__(self) -> int:
        return len(self._stages)

    @property
    def hints(self) -> list[Hint]:
        """What they said."""
        return [stage.hint for stage in self._stages]

    @property
    def are_shown(self) -> bool:
        """Whether what the annotation shows as proposed are these, and nothing else."""
        return self._annotating.preview is self._preview

    @property
    def locked_otherwise(self) -> bool:
        """Whether they were shown under other locks."""
        return self._annotating.rules.locked != self._locked

    def add(self, stage: ClickStage) -> None:
        """Put one upon the others."""
        self._stages.append(stage)
        self.show()

    def drop_last(self) -> None:
        """Let the uppermost go; the others are shown when `show` is called."""
        del self._stages[-1:]

    def take(self) -> list[ClickStage]:
        """All of them, which are shown no longer."""
        stages, self._stages = self._stages, []
        self.hide()
        return stages

    def show(self) -> None:
        """Hatch them as the locks are now, and say what the last of them does."""
        annotation, clicking = self._annotating.annotation, self._annotating.clicking
        slab = united(stage.change.slab for stage in self._stages)
        self.values, self._preview, self._locked = None, None, self._annotating.rules.locked
        if annotation is not None and slab is not None:
            self.values, clicking.words = stacked(self._stages, annotation)
            if self.values is not None:
                self._hatch(annotation, self.values, slab)
        self.words = clicking.words
        self._annotating.propose(self._preview)

    def _hatch(self, annotation: Annotation, values: Values, slab: Slab) -> None:
        last, clicking = self._stages[-1], self._annotating.clicking
        after = values[slab].copy(order="K")
        score = score_words(self._session, last.hint.region, slab, after)
        clicking.words = "\n".join(words for words in (clicking.words, score) if words)
        self._preview = Preview(last.title, TOOL, LabelChange(slab, after != annotation.settled[slab], after))

    def hide(self) -> None:
        """Hatch them no longer; another proposal stays."""
        shown, self._preview, self.values = self._preview, None, None
        if shown is not None and self._annotating.preview is shown:
            self._annotating.propose(None)
