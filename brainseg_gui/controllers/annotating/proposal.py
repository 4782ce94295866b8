"""Another layer as a proposal: what differs from the annotation is stepped through, and accepted or rejected."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.annotation.effect import effect_of
from brainseg_gui.annotation.proposal import Proposal
from brainseg_gui.annotation.proposal_list import Division, Part, everything_of, parts_of
from brainseg_gui.annotation.slab import Area, Values
from brainseg_gui.controllers.annotating.error_taking import ErrorTaking
from brainseg_gui.controllers.annotating.hand.copy_source import CopySource
from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.imaging.labels import LabelScheme
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.progress import Progress
from brainseg_gui.state.annotating.preview import Preview
from brainseg_gui.state.layers.layers import Layer, OverlayStyle
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

if TYPE_CHECKING:
    from brainseg_gui.views.annotating.proposal_panel import ProposalPanel
    from brainseg_gui.views.comparing.errors_panel import ErrorsPanel
    from brainseg_gui.views.slices.ortho_view import OrthoView

TOOL = "proposal"
_SOON_MS = 30


class ProposalController(QObject):
    """Keeps the list as the annotation is; what was rejected stays rejected until it is reconsidered."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        _preferences: Preferences,
        proposal: LazyPanel[ProposalPanel],
        errors: LazyPanel[ErrorsPanel],
        pictures: LazyPanel[OrthoView],
        show: Callable[[], object],
    ) -> None:
        super().__init__(window)
        self._session, self._pictures, self._show_panel = session, pictures, show
        self._annotating, self._proposing = session.annotating, session.annotating.proposing
        self._source = CopySource(session)
        self._proposal: Proposal | None = None
        self._work = LatestJob(session, self, _SOON_MS)
        self._wish: int | None = None
        self._taking = ErrorTaking(session, window, errors)
        proposal.when_made(self._listen)
        for signal in (self._annotating.edited, self._annotating.moved):
            signal.connect(self._on_edited)
        self._annotating.rules_changed.connect(self._show_part)
        self._annotating.annotation_changed.connect(self._forget)
        session.layers.changed.connect(self._on_layers_changed)
        session.layers.appearance_changed.connect(self._on_appearance_changed)
        self._forget()

    def _listen(self, panel: ProposalPanel) -> None:
        panel.part_chosen.connect(self._go)
        panel.division_chosen.connect(self._on_division_chosen)
        panel.source_chosen.connect(self._on_source_chosen)
        panel.smallest_chosen.connect(self._on_smallest_chosen)

    @property
    def commands(self) -> dict[str, Callable[[], object]]:
        """What each action does."""
        return {
            "propose.next": partial(self.step, 1),
            "propose.previous": partial(self.step, -1),
            "propose.accept": self.accept,
            "propose.reject": self.reject,
            "propose.accept_all": self.accept_all,
            "propose.reject_all": self.reject_all,
            "propose.reconsider": self.reconsider,
        }

    def begin(self) -> bool:
        """Look another layer through; returns whether there is one."""
        annotation = self._annotating.annotation
        if annotation is None or not self._annotating.editable:
            start = (("Annotate", "annotate.start"),) if annotation is None else ()
            why = "There is no annotation to compare with yet" if annotation is None else self._annotating.why_not
            self._session.say(Notice(why, "Start one" if annotation is None else "", "", start, problem=False))
            return False
        before = self._source.values
        if not self._source.choose() or self._source.values is None:
            return False
        if self._proposal is None or self._source.values is not before:
            self._propose_anew(self._source.values, annotation.labels.scheme)
        layer = self._source.layer
        if not self._proposing.source and layer is not None and layer.style is OverlayStyle.FILL:
            layer.visible = False  # what differs is hatched, and what was rejected need not shine through
        self._proposing.source = self._source.name
        return True

    def _propose_anew(self, values: Values, scheme: LabelScheme) -> None:
        self._proposal = Proposal(values, scheme)
        self._proposing.rejected = 0

    def look_through(self, name: str) -> None:
        """Look a certain layer through, from its first part on."""
        self._annotating.options.copy_from = name
        self.leave()
        if self.begin():
            self._show_panel()
            self._list(0)

    def step(self, steps: int) -> None:
        """Look at the next or the previous part; the ends meet."""
        proposing = self._proposing
        if not proposing.source or not self._annotating.editable:
            if self.begin():
                self._show_panel()
                self._list(0 if steps > 0 else -1)
            return
        self._show_panel()
        if not proposing.parts:
            if not proposing.searching:
                self._session.say(Notice(*self._why_none(), problem=False))
            return
        start = proposing.position if proposing.position is not None else (-1 if steps > 0 else 0)
        self._go((start + steps) % len(proposing.parts))

    def accept(self) -> bool:
        """Take the part that is looked at; returns whether one is."""
        part, annotation = self._proposing.current, self._annotating.annotation
        if part is None or annotation is None or self._proposal is None or not self._annotating.editable:
            return False
        self._take(part.piece.area, f"Accept {self._name_of(part)} of {self._source.name}")
        return True

    def accept_all(self) -> None:
        """Take all that differs and was not rejected, the small parts too."""
        annotation = self._annotating.annotation
        wanted = self._proposal is None or not self._annotating.editable
        if annotation is None or (wanted and not self.begin()) or self._proposal is None:
            return
        area = everything_of(self._proposal, annotation.settled)
        if area is None:
            self._session.say(Notice(*self._why_none(), problem=False))
        else:
            self._take(area, f"Accept all of {self._source.name}")

    def reject(self) -> None:
        """Leave the part that is looked at as it is, and do not show it again."""
        part = self._proposing.current
        if part is None or self._proposal is None or not self._annotating.editable:
            return
        self._proposal.reject(part.piece.area)
        self._proposing.rejected += 1
        self._list(self._proposing.position)

    def reject_all(self) -> None:
        """Leave everything that is listed as it is."""
        if self._proposal is not None and self._annotating.editable:
            for part in self._proposing.parts:
                self._proposal.reject(part.piece.area)
            self._proposing.rejected += len(self._proposing.parts)
            self._list(None)

    def reconsider(self) -> None:
        """Show again what was rejected."""
        if self._proposal is not None and self._annotating.editable:
            self._proposal.reconsider()
            self._proposing.rejected = 0
            self._list(0)

    def leave(self) -> bool:
        """Look at none of the parts; returns whether one was looked at."""
        if self._proposing.position is None:
            return False
        self._proposing.go(None)
        self._annotating.propose(None)
        return True

    def close(self) -> None:
        """End the thread, when the program ends."""
        self._work.close()

    # taking

    def _take(self, area: Area, name: str) -> None:
        if self._proposal is None:
            return
        self._wish = self._proposing.position
        self._annotating.propose(None)
        edit = self._annotating.edit(self._proposal.accept(area), name, TOOL, layer=self._source.name)
        if edit is None:
            self._wish = None
            self._session.say(Notice("The locks leave nothing to change here", "Unlock the label", problem=False))
            self._show_part()

    def _name_of(self, part: Part) -> str:
        """What the history calls a part: numbers of a list that changes would say nothing."""
        named = self._proposing.division in (Division.REGIONS, Division.SLICES)
        return part.title if named else self._proposing.division.value

    # the list

    def _list(self, wish: int | None = None) -> None:
        """Make the list again, and then look at a place of it."""
        annotation, proposing = self._annotating.annotation, self._proposing
        if annotation is None or self._proposal is None:
            return
        self._wish = wish
        edits = [edit.source for edit in annotation.history.applied]
        proposing.accepted = sum(source.tool == TOOL and source.layer == self._source.name for source in edits)
        proposing.search()
        values = annotation.snapshot().values
        self._work.start(
            _parts(self._proposal, values, proposing.division, proposing.plane, proposing.smallest), self._on_listed
        )

    def _on_listed(self, parts: tuple[Part, ...]) -> None:
        wish, self._wish = self._wish, None
        self._proposing.show(parts)
        if wish is not None and parts:
            self._go(min(wish, len(parts) - 1) if wish >= 0 else len(parts) - 1)
        elif wish is not None:
            self._proposing.go(None)
            self._annotating.propose(None)
            self._session.say(Notice(*self._why_none(), problem=False))
        else:
            self._show_part()

    def _why_none(self) -> tuple[str, str]:
        if self._proposing.rejected:
            return "Everything that is left was rejected", "Reconsider shows it again"
        return f"The annotation says what {self._source.name} says", ""

    def _go(self, position: int) -> None:
        """All planes to a part."""
        if self._annotating.hidden:
            return  # the images of another case are shown
        self._annotating.operating.kind = None
        self._proposing.go(position)
        part, viewing = self._proposing.current, self._session.viewing
        if part is not None:
            viewing.crosshair = part.piece.centre
            viewing.masks_visible = True
            self._pictures().reveal(part.piece.centre)
        self._show_part()

    def _show_part(self) -> None:
        """Draw what accepting would do."""
        part, annotation = self._proposing.current, self._annotating.annotation
        if part is None or annotation is None or self._proposal is None:
            return
        effect = effect_of(self._proposal.accept(part.piece.area), annotation.settled, self._annotating.rules)
        change = effect.change if effect is not None else None
        self._annotating.propose(Preview(part.title, TOOL, change, self._source.name))

    # what changes meanwhile

    def _on_edited(self, *_: object) -> None:
        if self._proposing.source:
            self._list(self._wish)

    def _on_division_chosen(self, division: Division, plane: Plane) -> None:
        self._proposing.division, self._proposing.plane = division, plane
        self._begin_again()

    def _on_smallest_chosen(self, voxels: int) -> None:
        self._proposing.smallest = voxels
        self._begin_again()

    def _on_source_chosen(self, name: str) -> None:
        self._annotating.options.copy_from = name
        self._begin_again()

    def _begin_again(self) -> None:
        self.leave()
        if self.begin():
            self._list()

    def _on_layers_changed(self) -> None:
        """A layer that is gone, or was replaced, proposes nothing."""
        if self._proposing.source and all(layer is not self._source.layer for layer in self._session.layers):
            self._forget()

    def _on_appearance_changed(self, layer: Layer) -> None:
        """What is read by another label scheme proposes what it means now; what was rejected was something else."""
        if not self._proposing.source or layer is not self._source.layer or self._source.current:
            return
        annotation = self._annotating.annotation
        self.leave()
        if annotation is not None and self._source.take(layer) and self._source.values is not None:
            self._propose_anew(self._source.values, annotation.labels.scheme)
            self._list()
        else:
            self._forget()

    def _forget(self) -> None:
        self._work.stop()
        self.leave()
        self._proposal, self._wish = None, None
        self._source = CopySource(self._session)
        self._proposing.clear()


def _parts(
    proposal: Proposal, values: Values, division: Division, plane: Plane, smallest: int
) -> Generator[Progress, None, tuple[Part, ...]]:
    yield Progress("comparing", 0.0)
    return parts_of(proposal, values, division, plane, smallest)
