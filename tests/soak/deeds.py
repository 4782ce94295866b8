"""What a person does with an open case; each deed leaves the window usable for the next."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from brainseg_gui.controllers.shell.features.all_features import TRAINING
from brainseg_gui.controllers.shell.features.comparing_features import COHORT
from brainseg_gui.controllers.shell.features.core_features import MASKS, OPERATING, SAVING
from brainseg_gui.state.annotating.active_annotation import Tool
from brainseg_gui.state.annotating.operating import OperationKind
from brainseg_gui.state.layers.layers import LayerRole
from brainseg_gui.state.slices.viewing import ViewLayout
from tests.gestures import double_click
from tests.soak.person import LEFT, RIGHT, Person

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
_TOOLS = (Tool.BRUSH, Tool.BRUSH, Tool.BRUSH, Tool.BRUSH, Tool.LASSO, Tool.FILL, Tool.COPY, Tool.SEEDS)
_PANELS = ("Image", "Layers", "Segment", "Raters", "Probabilities", "Histograms", "Cases", "Operations", "Proposal")
_LOOKS = (
    *("view.next_modality", "view.previous_modality", "view.modalities", "view.compare", "view.planes"),
    *("view.coronal", "view.sagittal", "view.axial", "view.fit", "view.auto_window", "layers.fainter"),
    *(2 * ("view.convention", "view.crosshair", "view.smooth", "layers.masks", "layers.agreement")),
    *("layers.stronger", "layers.safe_colours", "layers.safe_colours"),
)


def scroll(person: Person, slices: int) -> None:
    """The wheel over all views, notch by notch, and the arrow keys."""
    done = 0
    while done < slices and not person.over:
        view, run = person.view(), int(person.random.integers(5, 60))
        notch = 1 if person.chance(0.5) else -1
        for _ in range(run):
            person.turn_wheel(view, notch)
        if person.chance(0.3):
            person.key(person.one_of(Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_PageUp))
        if person.chance(0.2):
            QTest.mouseClick(view.viewport(), LEFT, pos=person.place(view))
        person.breathe()
        done += run
    person.done["slices"] += done


def look_around(person: Person, times: int) -> None:
    """Layouts, modalities, windows, zoom, masks on and off."""
    for _ in range(times):
        person.act(str(person.one_of(*_LOOKS)))
        view = person.view()
        if person.chance(0.3):
            person.turn_wheel(view, int(person.one_of(-1, 1)), CTRL)
        if person.chance(0.3):
            person.drag(view, person.place(view), 6, LEFT, CTRL)
        if person.chance(0.1):
            double_click(view.viewport(), LEFT, pos=person.place(view))
            double_click(view.viewport(), LEFT, pos=person.place(view))
        person.done["looks"] += 1
    if person.session.viewing.layout is not ViewLayout.PLANES:
        person.act("view.planes")


def open_panels(person: Person) -> None:
    """Docks shown and hidden, and sometimes the theme changed and all put back."""
    window = person.application.window
    for _ in range(4):
        title = str(person.one_of(*_PANELS))
        dock = next(dock for dock in window.panels.docks if dock.windowTitle() == title)
        dock.toggleViewAction().trigger()
        person.breathe(0.01)
        if person.chance(0.5):
            window.panels.show(title)
    window.resize(int(person.random.integers(1100, 1600)), int(person.random.integers(760, 1000)))
    person.breathe(0.01)
    person.act("view.reset")
    window.resize(1280, 860)
    person.done["panels"] += 4


def see_everything(person: Person) -> None:
    """Every dock and every layout once: what is made when it is first seen is made then."""
    window = person.application.window
    for dock in window.panels.docks:
        window.panels.show(dock.windowTitle())
        person.breathe(0.02)
    for layout in ("view.modalities", "view.compare", "view.planes"):
        person.act(layout)
        person.breathe(0.02)
    person.act("view.reset")


def change_theme(person: Person) -> None:
    """Light, and back."""
    for _ in range(2):
        person.act("view.theme")
        person.breathe(0.01)
    person.done["themes"] += 2


def open_dialogs(person: Person) -> None:
    """Keys, palette, about, and the windows of training and of cohort results."""
    person.act("help.keys")
    person.answer_dialogs()
    person.act("help.palette")
    for dialog in person.dialogs():
        QTest.keyClicks(dialog.focusWidget() or dialog, "fit to")
        QTest.keyClick(dialog.focusWidget() or dialog, Qt.Key.Key_Return)
    person.answer_dialogs()
    person.close_soon()
    person.act("help.about")
    person.act("train.open")
    person.breathe(0.05)
    person.application.controllers[TRAINING].window.close()
    person.act("file.cohort_results")
    person.breathe(0.05)
    person.application.controllers[COHORT].window.close()
    person.done["dialogs"] += 5


def annotate(person: Person, strokes: int) -> None:
    """Strokes with all tools, undone and done again."""
    annotating = person.session.annotating
    if annotating.annotation is None:
        starts = ("annotate.start", "annotate.start", "annotate.start_empty", "annotate.start_reference")
        person.act(str(person.one_of(*starts)))
    if not annotating.editable:
        return
    for number in range(strokes):
        if person.over:
            return
        if number % 12 == 0:
            _choose_tool(person)
        view = person.view()
        steps = int(person.random.integers(1, 14))
        person.drag(view, person.place(view), steps, RIGHT if person.chance(0.2) else LEFT)
        person.done["strokes"] += 1
        if person.chance(0.25):
            person.key(Qt.Key.Key_Z, CTRL)
            person.done["undone"] += 1
            if person.chance(0.5):
                person.key(Qt.Key.Key_Y, CTRL)
        if person.chance(0.1):
            person.turn_wheel(view, int(person.one_of(-1, 1)))
        person.breathe()
    _put_down(person)


def _choose_tool(person: Person) -> None:
    options = person.session.annotating.options
    options.tool = person.one_of(*_TOOLS)
    options.brush_mm = float(person.random.uniform(2, 16))
    options.in_3d, options.square = person.chance(0.2), person.chance(0.2)
    person.act(str(person.one_of("annotate.label_1", "annotate.label_2", "annotate.label_3", "annotate.swap_labels")))


def _put_down(person: Person) -> None:
    annotating = person.session.annotating
    person.act("segment.cancel")  # an open polygon
    if annotating.scribbles.any:
        person.act("annotate.clear_seeds")
    annotating.options.tool = Tool.BRUSH
    if person.chance(0.2):  # far back and forth in the history
        end = annotating.annotation.history.position if annotating.annotation is not None else 0
        annotating.jump(0)
        person.breathe()
        annotating.jump(end)


def operate(person: Person, *, everything: bool = False) -> None:
    """Operations on whole labels, two or all of them, accepted or dropped."""
    annotating = person.session.annotating
    if not annotating.editable:
        return
    kinds = [kind for kind in OperationKind if kind is not OperationKind.SEEDS]
    for kind in kinds if everything else (person.one_of(*kinds), person.one_of(*kinds)):
        person.act(f"operate.{kind.value}")
        person.breathe(0.1)
        person.wait(
            lambda: not person.application.controllers[OPERATING]._soon.running, what=f"the preview of {kind.value}"
        )
        person.act("annotate.close_outline" if person.chance(0.5) else "segment.cancel")
        person.done["operations"] += 1
    person.act("segment.cancel")
    person.application.window.panels.show("Annotate")


def look_through_proposal(person: Person) -> None:
    """Where another layer differs from the annotation: some taken, some left."""
    if not person.session.annotating.editable or len(person.session.layers) < 2:
        return
    for _ in range(5):
        person.act("propose.next")
        person.breathe(0.05)
        person.act(str(person.one_of("propose.accept", "propose.reject", "propose.next")))
    person.act("segment.cancel")
    person.done["proposals"] += 5


def walk_errors(person: Person) -> None:
    """From one error to the next, and rows of the comparison clicked."""
    session = person.session
    if session.layers.reference is None or session.layers.prediction is None:
        return
    for _ in range(8):
        person.act(str(person.one_of("layers.next_error", "layers.next_error", "layers.previous_error")))
        person.breathe(0.01)
    comparison = person.application.window.comparison()
    comparison.show_page("Comparison")
    for row in range(2):
        comparison._table.cellClicked.emit(row, 0)
        person.breathe()
    session.viewing.agreement = None
    person.done["errors"] += 8


def compare_raters(person: Person, mask: Path | None) -> None:
    """A further mask, two consensus masks, the heat map and the panels that measure."""
    application, layers = person.application, person.session.layers
    if mask is None or not mask.is_file():
        return
    before = len(layers)
    application.controllers[MASKS].add_masks([mask])
    person.wait(lambda: len(layers) > before or person.session.notice is not None, what="the mask")
    person.act("layers.raters")
    person.act("layers.histograms")
    if len(layers) >= 2:
        person.act(str(person.one_of("layers.majority", "layers.staple")))
        person.act("layers.heat_map")
        person.breathe(0.2)
        person.settle()
        if person.session.rating.heat_map:
            person.act("layers.heat_map")
    for layer in list(layers)[before:]:
        if layer is not person.session.annotating.layer and person.chance(0.5):
            application.window.panels.named("Layers")().remove_requested.emit(layer)
    person.act("view.reset")
    person.done["raters"] += 1


def segment(person: Person, *, cancel: bool) -> None:
    """Run the network, go on scrolling meanwhile, and sometimes give it up at some moment."""
    state = person.session.segmenting
    if state.unavailable or state.running:
        return
    state.keep_probabilities = person.chance(0.3)
    person.act("segment.run")
    person.done["segmentations"] += 1
    if cancel:
        person.breathe(float(person.random.uniform(0, 4)))
        scroll(person, 20)
        person.act("segment.cancel")
        person.done["segmentations given up"] += 1
    else:
        scroll(person, 60)
    person.wait(lambda: not state.running, what="the segmentation")
    if state.keep_probabilities and not cancel:
        person.act("layers.probabilities")
        person.settle()
        person.act("view.reset")


def put_away_predictions(person: Person) -> None:
    """Remove what no file holds: it would come back with its case, visit after visit more of it."""
    for layer in list(person.session.layers):
        if layer.role is LayerRole.PREDICTION and layer.saved_as is None:
            person.application.window.panels.named("Layers")().remove_requested.emit(layer)


def save(person: Person) -> None:
    """The annotation or the prediction, to a new file or again to the same."""
    person.will_save_as(".nii.gz")
    person.act(str(person.one_of("file.save", "file.save_as")))
    person.answer_dialogs()
    person.wait(
        lambda: not (person.application.controllers[SAVING].running or person.session.saving.running), what="saving"
    )
    person.done["saves"] += 1


def take_up_earlier_work(person: Person) -> None:
    """What a journal kept: restored, put off, or thrown away."""
    notice = person.session.notice
    offered = [key for _, key in notice.actions] if notice is not None else []
    if "journal.restore" not in offered:
        return
    person.application.run_action(str(person.one_of("journal.restore", "journal.later", "journal.discard")))
    person.answer_dialogs()
    person.settle()
    person.done["journals"] += 1
