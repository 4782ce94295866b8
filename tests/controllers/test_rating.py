"""Several masks: added together, compared when somebody looks, made one, drawn as counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.slab import Area, LabelChange
from brainseg_gui.controllers.comparing import rating as rating_module
from brainseg_gui.controllers.comparing.rating import RatingController
from brainseg_gui.controllers.layers.files import FilesController
from brainseg_gui.controllers.layers.masks import MasksController
from brainseg_gui.controllers.shell.features import core_controllers
from brainseg_gui.controllers.shell.features.comparing_features import RATING
from brainseg_gui.evaluation.metrics.raters import MajorityRule, majority, staple_consensus
from brainseg_gui.imaging.box import whole_box
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle
from brainseg_gui.state.session import Session


@pytest.fixture
def controllers(parts: Any) -> Iterator[tuple[FilesController, MasksController, RatingController]]:
    made = core_controllers.files(parts), core_controllers.masks(parts), RATING.make(parts)
    made[0].masks_dropped.connect(made[1].add_dropped)
    yield made
    for controller in made:
        controller.close()


@pytest.fixture
def rating(controllers: Any) -> RatingController:
    return controllers[2]


@pytest.fixture
def rater_files(case: Case, folder: Path, tmp_path: Path) -> list[Path]:
    """Three masks of the toy case: the reference, moved by 0, 1 and 3 voxels."""
    stored = nib.load(folder / "Toy_001_seg.nii.gz")
    paths = []
    for shift in (0, 1, 3):
        values = np.roll(np.asanyarray(stored.dataobj), shift, axis=1)
        paths.append(tmp_path / f"rater{shift}.nii.gz")
        nib.save(nib.Nifti1Image(values, stored.affine, stored.header), paths[-1])
    return paths


@pytest.fixture
def raters(session: Session, case: Case) -> list[Layer]:
    """Three layers on the open case without a reference."""
    session.open(replace(case, reference=None))
    assert case.reference is not None
    layers = []
    for shift in (0, 1, 3):
        labels = LabelMap(np.roll(case.reference.values, shift, axis=1), case.grid, case.scheme)
        role = LayerRole.PREDICTION if layers else LayerRole.REFERENCE
        layers.append(session.layers.add(Layer(f"rater{shift}", role, labels, saved_as=Path("x.nii"))))
    return layers


def test_several_masks_are_added_in_order_each_under_its_files_name(
    qtbot: QtBot, controllers: Any, session: Session, case: Case, rater_files: list[Path], monkeypatch: Any
) -> None:
    session.open(replace(case, reference=None))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(path) for path in rater_files], ""))
    controllers[1].choose_mask()
    qtbot.waitUntil(lambda: len(session.layers) == 3)
    layers = list(session.layers)
    assert [layer.name for layer in layers] == ["rater0", "rater1", "rater3"]
    assert [layer.role for layer in layers] == [LayerRole.REFERENCE, LayerRole.PREDICTION, LayerRole.PREDICTION]
    assert {layer.style for layer in layers} == {OverlayStyle.OUTLINE}
    assert [layer.saved_as for layer in layers] == rater_files
    assert session.notice.what == "3 masks were added"
    assert ("Compare raters", "layers.raters") in session.notice.actions


def test_a_bad_file_among_several_does_not_stop_the_others(
    qtbot: QtBot, controllers: Any, session: Session, case: Case, rater_files: list[Path], folder: Path
) -> None:
    session.open(case)
    controllers[1].add_masks([rater_files[0], folder / "Toy_001_t1.nii.gz", rater_files[1]])
    qtbot.waitUntil(lambda: len(session.layers) == 3)
    assert session.notice.problem
    assert session.notice.what.startswith("1 of 3 masks could not be added; the first: Toy_001_t1.nii.gz")
    assert session.notice.actions == ()


def test_dropped_masks_go_to_the_open_case_and_images_open_another(
    qtbot: QtBot, controllers: Any, parts: Any, session: Session, case: Case, rater_files: list[Path], folder: Path
) -> None:
    session.open(case)
    parts.window.paths_dropped.emit(rater_files)
    qtbot.waitUntil(lambda: len(session.layers) == 4)
    assert session.case is case
    parts.window.paths_dropped.emit([folder])
    qtbot.waitUntil(lambda: session.case is not case)


def test_masks_dropped_without_a_case_are_opened_as_before(
    qtbot: QtBot, controllers: Any, parts: Any, session: Session, rater_files: list[Path]
) -> None:
    parts.window.paths_dropped.emit(rater_files[:1])
    qtbot.waitUntil(lambda: session.notice is not None and not session.opening.running)
    assert len(session.layers) == 0


def test_a_dropped_image_can_be_opened_as_a_case_instead(
    qtbot: QtBot, controllers: Any, parts: Any, session: Session, case: Case, folder: Path, tmp_path: Path
) -> None:
    image = tmp_path / "something.nii.gz"
    image.write_bytes((folder / "Toy_001_t1.nii.gz").read_bytes())
    session.open(case)
    parts.window.paths_dropped.emit([image])
    qtbot.waitUntil(lambda: session.notice is not None)
    assert session.notice.actions == (("Open as a case", "file.open_dropped"),)
    assert session.case is case


def test_nothing_is_measured_until_the_panel_is_seen(
    qtbot: QtBot, rating: RatingController, parts: Any, session: Session, raters: list[Layer]
) -> None:
    assert session.rating.study is None
    assert not rating._matrices.running
    show(qtbot, parts)
    qtbot.waitUntil(lambda: session.rating.study is not None)
    study = session.rating.study
    assert study.layers == tuple(raters)
    dice = study.matrix("WT").dice
    assert dice[0, 1] > dice[0, 2]  # moved by 1 and by 3
    assert dice[1, 2] > dice[0, 2]


def show(qtbot: QtBot, parts: Any) -> None:
    parts.window.resize(1280, 860)
    with qtbot.waitExposed(parts.window):
        parts.window.show()
    parts.window.panels.show("Raters")
    qtbot.waitUntil(parts.window.panels.named("Raters")().isVisible)


def test_a_click_on_a_cell_compares_these_two(
    qtbot: QtBot, rating: RatingController, parts: Any, session: Session, raters: list[Layer]
) -> None:
    show(qtbot, parts)
    qtbot.waitUntil(lambda: session.rating.study is not None)
    table = parts.window.panels.named("Raters")()._table
    assert [table.item(0, 1).text(), table.item(1, 1).text()] == [
        f"{session.rating.study.matrix('WT').dice[0, 1]:.3f}"[1:],
        "–",
    ]
    table.cellClicked.emit(2, 1)
    assert (session.layers.reference, session.layers.prediction) == (raters[1], raters[2])
    table.cellClicked.emit(1, 1)
    assert (session.layers.reference, session.layers.prediction) == (raters[1], raters[2])


def test_a_mask_left_out_is_left_out_everywhere(
    qtbot: QtBot, rating: RatingController, parts: Any, session: Session, raters: list[Layer]
) -> None:
    show(qtbot, parts)
    qtbot.waitUntil(lambda: session.rating.study is not None)
    session.rating.left_out = frozenset([raters[1]])
    qtbot.waitUntil(lambda: len(session.rating.study.layers) == 2)
    rating.add_majority()
    qtbot.waitUntil(lambda: len(session.layers) == 4)
    assert list(session.layers)[-1].made_from == ("rater0", "rater3")
    session.layers.remove(raters[1])
    assert session.rating.left_out == frozenset()
    session.layers.remove(raters[0])
    assert session.rating.study is None


def test_a_consensus_says_what_it_was_made_from_and_is_no_rater(
    qtbot: QtBot, rating: RatingController, parts: Any, session: Session, raters: list[Layer], case: Case
) -> None:
    assert case.reference is not None
    rating.add_majority(MajorityRule.PER_LABEL)
    qtbot.waitUntil(lambda: len(session.layers) == 4)
    rating.add_staple()
    qtbot.waitUntil(lambda: len(session.layers) == 5)
    majority, staple = list(session.layers)[3:]
    assert (majority.name, staple.name) == ("majority per label of 3", "STAPLE of 3")
    assert majority.author == "majority per label of 3: rater0, rater1, rater3"
    assert majority.made_from == staple.made_from == ("rater0", "rater1", "rater3")
    assert majority.saved_as is None
    assert majority.labels.scheme == scheme_named("brats2020")
    assert session.rating.raters(session.layers) == tuple(raters)
    votes = np.sum([layer.labels.values > 0 for layer in raters], axis=0)
    assert not (majority.labels.values[votes < 2]).any()
    assert "is not saved" in session.notice.what


@pytest.fixture
def held(rating: RatingController, gate: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Threads wait at the gate before they look at the masks."""

    def late(work: Any) -> Any:
        def wait_first(masks: list[LabelMap], *rest: Any) -> Any:
            gate.wait()
            return work(masks, *rest)

        return wait_first

    for name in ("majority", "staple_consensus", "agreement_count", "compare_raters"):
        monkeypatch.setattr(rating_module, name, late(getattr(rating_module, name)))
    return gate


def everything(layer: Layer) -> LabelChange:
    """Every voxel gets one label."""
    shape = layer.labels.values.shape
    return Area(whole_box(shape), np.ones(shape, bool)).becomes(4)


@pytest.mark.parametrize(
    ("ask", "make"),
    [
        (RatingController.add_majority, majority),
        (RatingController.add_staple, lambda masks: staple_consensus(masks)[0]),
    ],
    ids=["majority", "STAPLE"],
)
def test_a_stroke_while_a_consensus_is_made_is_not_half_in_it(
    ask: Callable[[RatingController], None],
    make: Callable[[list[LabelMap]], LabelMap],
    qtbot: QtBot,
    rating: RatingController,
    held: Any,
    session: Session,
    raters: list[Layer],
) -> None:
    wanted = make([layer.labels for layer in raters]).values
    session.annotating.begin(Annotation(raters[2].labels), raters[2])
    ask(rating)
    qtbot.waitUntil(lambda: held.reached == 1)
    session.annotating.edit(everything(raters[2]), "Fill", "fill")
    assert (make([layer.labels for layer in raters]).values != wanted).any()
    held.open(10)
    qtbot.waitUntil(lambda: len(session.layers) == 4)
    assert (list(session.layers)[3].labels.values == wanted).all()


def test_a_stroke_in_progress_is_not_half_in_the_map(
    qtbot: QtBot, rating: RatingController, held: Any, session: Session, raters: list[Layer]
) -> None:
    before = [layer.labels.values > 0 for layer in raters]
    place = tuple(int(v) for v in np.argwhere((np.sum(before, axis=0) == 2) & ~before[2])[0])
    session.annotating.begin(Annotation(raters[2].labels), raters[2])
    rating.toggle_heat_map()
    qtbot.waitUntil(lambda: held.reached == 1)
    session.annotating.paint(everything(raters[2]))
    assert (raters[2].labels.values == 4).all()  # the layer shows it already
    held.open(10)
    qtbot.waitUntil(lambda: session.overlay is not None)
    assert session.overlay.words_at(place) == "WT 2 of 3 masks"


def test_a_stroke_in_progress_is_not_half_in_the_matrices(
    qtbot: QtBot, rating: RatingController, held: Any, parts: Any, session: Session, raters: list[Layer]
) -> None:
    raters[2].labels = replace(raters[2].labels, values=raters[0].labels.values.copy())
    session.annotating.begin(Annotation(raters[2].labels), raters[2])
    show(qtbot, parts)
    qtbot.waitUntil(lambda: held.reached == 1)
    session.annotating.paint(everything(raters[2]))
    held.open(10)
    qtbot.waitUntil(lambda: session.rating.study is not None)
    assert session.rating.study.matrix("WT").dice[0, 2] == 1.0


def test_the_heat_map_follows_region_and_masks(
    qtbot: QtBot, rating: RatingController, parts: Any, session: Session, raters: list[Layer]
) -> None:
    session.viewing.masks_visible = False
    rating.toggle_heat_map()
    qtbot.waitUntil(lambda: session.overlay is not None)
    assert session.viewing.masks_visible
    assert parts.window.actions_table["layers.heat_map"].isChecked()
    first = session.overlay
    votes = np.sum([layer.labels.values > 0 for layer in raters], axis=0)
    place = tuple(int(v) for v in np.argwhere(votes == 2)[0])
    assert first.words_at(place) == "WT 2 of 3 masks"
    session.rating.region = "ET"
    qtbot.waitUntil(lambda: session.overlay is not first)
    assert session.overlay.title == "ET"
    session.layers.remove(raters[0])
    qtbot.waitUntil(lambda: session.overlay.unit == "of 2 masks")
    session.layers.remove(raters[1])
    assert session.overlay is None
    assert not session.rating.heat_map
    assert not parts.window.actions_table["layers.heat_map"].isChecked()


def test_another_overlay_switches_the_heat_map_off(
    qtbot: QtBot, rating: RatingController, session: Session, raters: list[Layer]
) -> None:
    rating.toggle_heat_map()
    qtbot.waitUntil(lambda: session.overlay is not None)
    session.set_overlay(None)
    assert not session.rating.heat_map


def test_one_mask_is_no_consensus(rating: RatingController, parts: Any, session: Session, case: Case) -> None:
    session.open(case)
    for ask in (rating.add_majority, rating.add_staple, rating.toggle_heat_map):
        session.say(None)
        ask()
        assert session.notice.what == "A consensus takes at least two masks"
    assert session.overlay is None
    assert len(session.layers) == 1


def test_another_case_takes_the_overlay_away(
    qtbot: QtBot, rating: RatingController, session: Session, raters: list[Layer], case: Case
) -> None:
    rating.toggle_heat_map()
    qtbot.waitUntil(lambda: session.overlay is not None)
    session.open(case)
    assert session.overlay is None
    assert not session.rating.heat_map


def test_agreement_and_overlay_take_turns(
    qtbot: QtBot, rating: RatingController, session: Session, raters: list[Layer]
) -> None:
    session.viewing.agreement = regions()[0]
    rating.toggle_heat_map()
    qtbot.waitUntil(lambda: session.overlay is not None)
    assert session.viewing.agreement is None
    session.viewing.agreement = regions()[1]
    assert session.overlay is None
    assert not session.rating.heat_map
