"""A case opens as it was left: with its annotation, scheme, author and history, and goes on in that file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.controllers.annotating.saving import save_work
from brainseg_gui.controllers.layers import opening
from brainseg_gui.controllers.shell.features.core_features import FILES, JOURNALS, SAVING, SCHEMES
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle
from brainseg_gui.views.widgets.question import Question
from tests.e2e.painting import Hand

pytestmark = pytest.mark.plain

START, OTHER = (10, 11, 12), (12, 13, 12)
Open = Callable[..., None]


@pytest.fixture
def folder(toy_case: Any, tmp_path: Path) -> Path:
    return Path(toy_case(tmp_path / "study"))


@pytest.fixture
def hand(application: Application, folder: Path, open_paths: Open) -> Hand:
    open_paths(application, folder)
    application.session.viewing.crosshair = START
    return Hand(application)


@pytest.fixture
def iam(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sit down as another person."""

    def sit(name: str) -> None:
        for module in (save_work, opening):
            monkeypatch.setattr(module, "person", lambda: name)
        monkeypatch.setattr("brainseg_gui.controllers.annotating.annotate.person", lambda: name)

    return sit


def save(hand: Hand, qtbot: QtBot, key: str = "file.save") -> None:
    hand.trigger(key)
    qtbot.waitUntil(lambda: not hand.application.controllers[SAVING].running, timeout=30_000)


def annotate(hand: Hand, qtbot: QtBot, voxel: tuple[int, int, int] = START) -> None:
    if hand.annotating.annotation is None:
        hand.start()
    hand.click(voxel)
    save(hand, qtbot)


def layers_of(hand: Hand) -> list[tuple[str, bool]]:
    return [(layer.name, layer.visible) for layer in hand.application.session.layers]


def own(hand: Hand) -> Layer:
    return [layer for layer in hand.application.session.layers if layer.role is LayerRole.ANNOTATION][-1]


def note_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.with_name(path.name.replace(".nii.gz", ".provenance.json")).read_text())
    return found


def test_a_case_opens_with_its_annotation_and_goes_on_in_that_file(
    hand: Hand, qtbot: QtBot, open_paths: Open, folder: Path, iam: Any
) -> None:
    iam("anna")
    path = folder / "Toy_001_annotation.nii.gz"
    annotate(hand, qtbot)
    assert hand.application.window.readout._work.text() == "Saved Toy_001_annotation.nii.gz"
    open_paths(hand.application, folder)
    assert hand.application.window.readout._work.text() == ""
    assert layers_of(hand) == [("reference", True), ("annotation by anna", True)]
    assert hand.application.session.layers.prediction is own(hand)
    assert own(hand).saved_as == path
    hand.trigger("annotate.start")
    assert hand.annotating.layer is own(hand)
    assert hand.annotating.layer.saved_as == path
    hand.click(OTHER)
    save(hand, qtbot)
    assert [p.name for p in folder.glob("*annotation*.nii.gz")] == [path.name]
    assert np.count_nonzero(np.asarray(nib.load(path).dataobj)) == 2
    note = note_of(path)
    assert note["started_from"]["kind"] == "annotation"
    assert [(entry["annotator"], entry["edits"]["count"]) for entry in note["earlier"]] == [("anna", 1)]
    assert note["earlier"][0]["started_from"]["kind"] == "empty"
    assert note["edits"]["count"] == 1
    save(hand, qtbot)  # the same sitting, not another one
    assert len(note_of(path)["earlier"]) == 1


def test_the_annotation_keeps_the_scheme_that_it_was_painted_with(
    hand: Hand, qtbot: QtBot, open_paths: Open, folder: Path
) -> None:
    hand.start()
    hand.application.controllers[SCHEMES].choose(hand.annotating.layer, scheme_named("brats-ped"))  # 1 is ET there
    hand.application.session.annotating.rules = hand.annotating.rules.__class__(active=1)
    hand.click(START)
    save(hand, qtbot)
    open_paths(hand.application, folder)
    assert own(hand).labels.scheme == scheme_named("brats-ped")
    assert hand.application.session.layers.reference.labels.scheme == scheme_named("brats2020")


def test_annotations_of_several_people_are_offered_and_the_own_one_goes_on(
    hand: Hand, qtbot: QtBot, open_paths: Open, folder: Path, iam: Any
) -> None:
    iam("anna")
    annotate(hand, qtbot)
    open_paths(hand.application, folder)
    iam("ben")
    open_paths(hand.application, folder)
    assert layers_of(hand)[1:] == [("annotation by anna", True)]
    before = (folder / "Toy_001_annotation.nii.gz").read_bytes()
    hand.trigger("annotate.start")  # hers is hers: a copy of it is his
    hand.click(OTHER)
    save(hand, qtbot)
    second = folder / "Toy_001_annotation_2.nii.gz"
    assert hand.annotating.layer.saved_as == second
    assert (folder / "Toy_001_annotation.nii.gz").read_bytes() == before
    assert [entry["annotator"] for entry in note_of(second)["earlier"]] == ["anna"]
    for name, others in (("anna", "ben"), ("ben", "anna"), ("ben", "anna")):
        iam(name)
        open_paths(hand.application, folder)
        assert layers_of(hand)[1:] == [(f"annotation by {others}", False), (f"annotation by {name}", True)]
        assert hand.application.session.layers.prediction is own(hand)
        assert hand.application.session.notice is None or "annotation" not in hand.application.session.notice.what


@pytest.mark.parametrize("place", ["tree", "anywhere"])
def test_a_mask_that_lies_elsewhere_comes_back(
    hand: Hand,
    qtbot: QtBot,
    open_paths: Open,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(out))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out / "x.nii.gz"), ""))
    hand.start()
    hand.click(START)
    if place == "tree":
        hand.trigger("file.save_in")
    save(hand, qtbot, "file.save" if place == "tree" else "file.save_as")
    path = out / "Toy_001" / "Toy_001_annotation.nii.gz" if place == "tree" else out / "x.nii.gz"
    assert path.is_file()
    assert not list(folder.glob("*annotation*"))
    open_paths(hand.application, folder)
    assert own(hand).saved_as == path


def test_a_folder_for_masks_takes_work_that_began_beside_the_images_and_gives_it_back(
    hand: Hand, qtbot: QtBot, open_paths: Open, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was saved elsewhere stays as it is; the newest is the one that is opened, with the prediction."""
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(out))
    annotate(hand, qtbot)
    last = folder / "Toy_001_annotation.nii.gz"
    prediction = folder / "Toy_001_pred.nii.gz"
    image = nib.load(last)
    image.header["descrip"] = b"brainseg mask, brats2020 by some net 1.0"
    nib.save(image, prediction)
    for turn, (action, place) in enumerate(
        (("file.save_in", out / "Toy_001"), ("file.save_beside", folder), ("file.save_in", out / "Toy_001"))
    ):
        open_paths(hand.application, folder)
        assert own(hand).saved_as == last
        assert prediction in [layer.saved_as for layer in hand.application.session.layers]
        hand.trigger(action)
        hand.trigger("annotate.start")
        hand.click((9 + turn, 9, 12))
        before, kept = last, last.read_bytes()
        save(hand, qtbot)
        last = hand.annotating.layer.saved_as
        assert last.parent == place
        assert before.read_bytes() == kept
        assert np.count_nonzero(np.asarray(nib.load(last).dataobj)) == 2 + turn


def test_a_mask_without_a_note_is_known_by_its_name(hand: Hand, qtbot: QtBot, open_paths: Open, folder: Path) -> None:
    annotate(hand, qtbot)
    (folder / "Toy_001_annotation.provenance.json").unlink()
    open_paths(hand.application, folder)
    assert layers_of(hand) == [("reference", True), ("annotation", True)]
    assert own(hand).labels.scheme.name == "brats2020"  # its header says so
    hand.trigger("annotate.start")
    assert hand.annotating.layer is own(hand)


def test_an_annotation_on_another_grid_is_said_and_the_case_opens(
    hand: Hand, qtbot: QtBot, open_paths: Open, folder: Path
) -> None:
    annotate(hand, qtbot)
    path = folder / "Toy_001_annotation.nii.gz"
    nib.save(nib.Nifti1Image(np.ones((3, 4, 5), np.uint8), np.eye(4)), path)
    open_paths(hand.application, folder)
    assert layers_of(hand) == [("reference", True)]
    assert "An annotation is not shown" in hand.application.session.notice.what
    hand.start()
    hand.click(START)
    save(hand, qtbot)
    assert hand.annotating.layer.saved_as == folder / "Toy_001_annotation_2.nii.gz"


def test_two_cases_of_one_folder_keep_their_own_annotations(
    application: Application, toy_case: Any, tmp_path: Path, qtbot: QtBot, open_paths: Open
) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for number, name in enumerate(("P1", "P1_late", "P10")):
        for path in Path(toy_case(tmp_path / "x", case_id=name, seed=number)).iterdir():
            path.rename(flat / path.name)
    hand = Hand(application)
    open_paths(application, flat)
    for name in ("P1", "P10", "P1_late"):
        assert application.session.case.case_id == name
        application.session.viewing.crosshair = START
        annotate(hand, qtbot)
        assert hand.annotating.layer.saved_as == flat / f"{name}_annotation.nii.gz"
        application.controllers[FILES].step(1)
        qtbot.waitUntil(lambda: not application.session.opening.running, timeout=30_000)
    for source in application.session.cohort:
        application.controllers[FILES].open_source(source)
        qtbot.waitUntil(lambda: not application.session.opening.running, timeout=30_000)
        assert own(hand).saved_as == flat / f"{source.case_id}_annotation.nii.gz"
        assert len(layers_of(hand)) == 2


def test_a_changed_file_is_asked_about_when_it_was_changed_after_opening(
    hand: Hand, qtbot: QtBot, open_paths: Open, folder: Path
) -> None:
    annotate(hand, qtbot)
    open_paths(hand.application, folder)
    hand.trigger("annotate.start")
    path = folder / "Toy_001_annotation.nii.gz"
    path.write_bytes(b"a colleague's work")
    hand.click(OTHER)
    save(hand, qtbot)
    (question,) = (q for q in hand.application.window.findChildren(Question) if q.isVisible())
    assert "was changed by someone else" in question.text()
    question.answer("cancel")
    assert path.read_bytes() == b"a colleague's work"


# --- what the numbers mean --------------------------------------------------------------------------------------


def test_a_corrected_scheme_is_remembered_for_the_reference_and_for_predictions(
    hand: Hand, qtbot: QtBot, open_paths: Open, folder: Path
) -> None:
    session = hand.application.session
    before = sorted(path.name for path in folder.iterdir())
    hand.application.controllers[SCHEMES].choose(session.layers.reference, scheme_named("brats2013"))
    assert session.scheme == scheme_named("brats2013")
    open_paths(hand.application, folder)
    assert session.layers.reference.labels.scheme == scheme_named("brats2013")
    assert session.scheme == scheme_named("brats2013")
    assert session.case.mask_note.endswith("as you said")
    assert sorted(path.name for path in folder.iterdir()) == before  # nothing is written into the study


def test_a_prediction_follows_the_correction_and_is_saved_in_its_numbers(
    hand: Hand, qtbot: QtBot, folder: Path
) -> None:
    session = hand.application.session
    case = session.case
    values = np.where(case.reference.values == 4, 4, 0).astype(np.uint8)  # ET in BraTS 2020
    made = Layer("net", LayerRole.PREDICTION, labels_of(values, case, "brats2020"), "net 1.0", model_sha256="0" * 64)
    session.add_layer(made)
    save(hand, qtbot)
    assert made.saved_as == folder / "Toy_001_pred.nii.gz"
    hand.application.controllers[SCHEMES].choose(session.layers.reference, scheme_named("ed-et-ncr"))  # ET is 2
    assert set(np.unique(made.labels.values)) == {0, 2}
    assert made.labels.scheme == scheme_named("ed-et-ncr")
    assert made.saved_as is None
    save(hand, qtbot)
    assert made.saved_as == folder / "Toy_001_pred.nii.gz"
    image = nib.load(made.saved_as)
    assert set(np.unique(np.asarray(image.dataobj))) == {0, 2}
    assert image.header["descrip"].item() == b"brainseg mask, ed-et-ncr, by net 1.0"


def test_without_a_reference_the_numbering_of_new_masks_is_remembered(
    application: Application, toy_case: Any, tmp_path: Path, open_paths: Open
) -> None:
    folder = toy_case(tmp_path / "bare", mask=False)
    open_paths(application, folder)
    session = application.session
    case = session.case
    values = np.zeros(case.grid.shape, np.uint8)
    values[START] = 4
    made = Layer("net", LayerRole.PREDICTION, labels_of(values, case, "brats2020"), "net", model_sha256="0" * 64)
    session.add_layer(made)
    application.controllers[SCHEMES].choose(made, scheme_named("brats2023"))
    assert made.labels.values[START] == 3
    assert session.scheme == scheme_named("brats2023")
    open_paths(application, folder)
    assert session.scheme == scheme_named("brats2023")


def test_the_person_comes_before_the_note_and_a_save_before_the_person(
    hand: Hand, qtbot: QtBot, open_paths: Open, folder: Path
) -> None:
    annotate(hand, qtbot)
    open_paths(hand.application, folder)
    hand.application.controllers[SCHEMES].choose(own(hand), scheme_named("brats2013"))
    open_paths(hand.application, folder)
    assert own(hand).labels.scheme == scheme_named("brats2013")
    hand.trigger("annotate.start")
    hand.click(OTHER)
    save(hand, qtbot)
    assert note_of(folder / "Toy_001_annotation.nii.gz")["label_scheme"] == "brats2013"
    memory = hand.application.preferences.memory
    assert memory.schemes_of(hand.application.controllers[JOURNALS].study.digest()) == {}


@pytest.mark.parametrize("aside", [False, True], ids=["in the hand", "put aside"])
def test_a_scheme_that_is_chosen_for_a_saved_annotation_stays(
    hand: Hand, qtbot: QtBot, open_paths: Open, folder: Path, aside: bool
) -> None:
    annotate(hand, qtbot)
    if aside:
        hand.trigger("annotate.start")
    layer, chosen = own(hand), scheme_named("brats-ped")
    hand.application.controllers[SCHEMES].choose(layer, chosen)
    assert layer.saved_as is None  # the note in its file tells of the other
    open_paths(hand.application, folder)
    assert own(hand).labels.scheme == chosen


def test_an_annotation_that_was_put_aside_is_edited_and_saved_under_the_chosen_scheme(
    hand: Hand, qtbot: QtBot, folder: Path
) -> None:
    annotate(hand, qtbot)
    hand.trigger("annotate.start")
    layer, chosen = own(hand), scheme_named("brats-ped")
    hand.application.controllers[SCHEMES].choose(layer, chosen)
    hand.application.controllers[SAVING].save_layer(layer)
    qtbot.waitUntil(lambda: not hand.application.controllers[SAVING].running, timeout=30_000)
    assert note_of(folder / "Toy_001_annotation.nii.gz")["label_scheme"] == "brats-ped"
    hand.trigger("annotate.start")
    assert hand.annotating.annotation.labels.scheme == layer.labels.scheme == chosen
    assert layer.saved_as is not None


def test_a_scheme_that_is_chosen_during_a_save_is_not_in_the_file(hand: Hand, qtbot: QtBot, folder: Path) -> None:
    annotate(hand, qtbot)
    hand.click(OTHER)
    hand.trigger("file.save")
    layer = hand.annotating.layer
    hand.application.controllers[SCHEMES].choose(layer, scheme_named("brats-ped"))
    qtbot.waitUntil(lambda: not hand.application.controllers[SAVING].running, timeout=30_000)
    note = folder / "Toy_001_annotation.nii.gz"
    assert note_of(note)["label_scheme"] == "brats2020"
    assert layer.saved_as is None
    save(hand, qtbot)
    assert note_of(note)["label_scheme"] == "brats-ped"
    assert layer.saved_as is not None


def labels_of(values: np.ndarray, case: Any, scheme: str) -> Any:
    from brainseg_gui.imaging.labels import LabelMap

    return LabelMap(values, case.grid, scheme_named(scheme))


def test_ctrl_e_goes_on_after_segment_and_offers_what_the_network_found(hand: Hand, qtbot: QtBot) -> None:
    annotate(hand, qtbot)
    mine, session = own(hand), hand.application.session
    hand.trigger("annotate.start")  # put aside
    values = np.zeros(session.case.grid.shape, np.uint8, order="F")
    values[14:18, 14:18, 14:18] = 4  # the smallest differences are not listed
    found = Layer("net, 10:00", LayerRole.PREDICTION, LabelMap(values, session.case.grid, session.scheme), "net")
    session.add_prediction(found)
    session.layers.compare(session.layers.reference, found)
    for times in (1, 2):
        hand.trigger("annotate.start")
        assert hand.annotating.layer is mine
        offered = session.notice is not None and "net, 10:00" in session.notice.what
        assert offered is (times == 1)  # said once
        session.say(None)
        hand.trigger("annotate.start")
    assert [layer.role for layer in session.layers].count(LayerRole.ANNOTATION) == 1

    hand.trigger("annotate.start")
    hand.trigger("propose.next")
    qtbot.waitUntil(lambda: hand.annotating.proposing.current is not None, timeout=30_000)
    hand.trigger("propose.accept")
    qtbot.waitUntil(lambda: hand.values[15, 15, 15] == 4, timeout=30_000)
    hand.trigger("annotate.start_prediction")
    assert hand.annotating.layer is not mine  # asked for in so many words
    assert np.array_equal(hand.values, values)


def test_a_prediction_that_says_more_than_the_study_keeps_its_labels(hand: Hand) -> None:
    session = hand.application.session
    reference = session.layers.reference
    reference.labels = reference.labels.with_scheme(scheme_named("whole-tumour"))
    values = np.zeros(session.case.grid.shape, np.uint8, order="F")
    values[START], values[OTHER] = 1, 4
    scheme = scheme_named("brats2020")
    session.add_prediction(Layer("net", LayerRole.PREDICTION, LabelMap(values, session.case.grid, scheme), "net"))
    hand.trigger("annotate.start")
    assert hand.annotating.annotation.labels.scheme == scheme
    assert (hand.values[START], hand.values[OTHER]) == (1, 4)


@pytest.mark.parametrize("outlined", [False, True])
def test_the_newest_of_each_other_person_is_outlined_where_no_reference_is(outlined: bool) -> None:
    labels: Any = None
    authors = ("bert", "cleo", "anna", "cleo", "anna")  # oldest first; the last is gone on with
    layers = [Layer(f"{n}", LayerRole.ANNOTATION, labels, author) for n, author in enumerate(authors)]
    opening._show_beside(layers, outlined=outlined)
    shown = [layer.visible for layer in layers]
    assert shown == ([False] * 4 if outlined else [True, False, False, True]) + [True]
    assert {layer.style for layer in layers[:-1]} == {OverlayStyle.OUTLINE}
