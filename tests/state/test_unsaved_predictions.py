"""Predictions: what they take the place of, and that those in no file come back with their case."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.progress import run_to_end
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle
from brainseg_gui.state.session import Session


@pytest.fixture
def cases(toy_case: Any, tmp_path: Path) -> list[Case]:
    made = [toy_case(tmp_path, case_id=name, seed=seed) for seed, name in enumerate(("A", "B"))]
    return [run_to_end(read_case(find_case(folder))) for folder in made]


@pytest.fixture
def session(cases: list[Case]) -> Session:
    session = Session()
    session.open(cases[0])
    return session


@pytest.fixture
def predicted(session: Session) -> Callable[[str], Layer]:
    """What a network makes of the open case."""

    def make(name: str = "model, 10:00", shift: int = 1) -> Layer:
        case = session.case
        assert case is not None
        assert case.reference is not None
        labels = LabelMap(np.roll(case.reference.values, shift, axis=0), case.grid, case.scheme)
        layer = Layer(name, LayerRole.PREDICTION, labels, "model", model_sha256="ab")
        session.add_prediction(layer)
        return layer

    return make


def _annotation(session: Session) -> Layer:
    case = session.case
    assert case is not None
    assert case.reference is not None
    return Layer("mine", LayerRole.ANNOTATION, LabelMap(case.reference.values.copy(), case.grid, case.scheme))


def test_a_newer_prediction_hides_the_older_and_is_compared(session: Session, predicted: Callable[..., Layer]) -> None:
    first, second = predicted(), predicted()
    assert [layer.visible for layer in (first, second)] == [False, True]
    assert second.style is OverlayStyle.FILL
    assert list(session.layers)[1:] == [first, second]
    assert session.layers.prediction is second
    assert second.name != first.name


def test_the_pair_that_a_person_chose_stays_compared(session: Session, predicted: Callable[..., Layer]) -> None:
    first, second = predicted(), predicted()
    session.layers.compare(second, first)
    first.visible = True
    third = predicted()
    assert session.layers.compared == (second, first)
    assert [layer.visible for layer in (first, second, third)] == [True, True, True]
    assert third.style is OverlayStyle.OUTLINE  # it does not lie over the two


def test_another_case_has_no_chosen_pair(session: Session, cases: list[Case], predicted: Callable[..., Layer]) -> None:
    session.layers.compare(session.layers.reference, predicted())
    session.open(cases[1])
    newest = predicted()
    assert session.layers.prediction is newest


def test_a_prediction_lies_below_an_annotation_and_leaves_its_comparison(
    session: Session, predicted: Callable[..., Layer]
) -> None:
    mine = session.layers.add(_annotation(session))
    layer = predicted()
    assert list(session.layers)[-2:] == [layer, mine]
    assert layer.style is OverlayStyle.OUTLINE
    assert session.layers.prediction is mine


def test_predictions_in_no_file_come_back_with_their_case(
    session: Session, cases: list[Case], predicted: Callable[..., Layer]
) -> None:
    first, second = predicted(shift=1), predicted("model, 10:05", shift=2)
    saved = predicted("saved", shift=3)
    saved.saved_as = Path("somewhere.nii.gz")
    session.layers.rename(second, "the better one")
    session.open(cases[1])
    assert len(session.unsaved_predictions) == 2
    assert [layer.name for layer in session.layers] == ["reference"]
    session.open(cases[0])
    back = list(session.layers)[1:]
    assert [layer.name for layer in back] == ["model, 10:00", "the better one"]
    for layer, before in zip(back, (first, second), strict=True):
        np.testing.assert_array_equal(layer.labels.values, before.labels.values)
        assert layer.labels.scheme == before.labels.scheme
        assert (layer.author, layer.created, layer.model_sha256) == (before.author, before.created, "ab")
    assert len(session.unsaved_predictions) == 0


def test_an_empty_prediction_comes_back_and_the_box_alone_is_kept(session: Session, cases: list[Case]) -> None:
    case = cases[0]
    values = np.zeros(case.grid.shape, np.uint8, order="F")
    empty = Layer("empty", LayerRole.PREDICTION, LabelMap(values, case.grid, case.scheme))
    values = values.copy(order="F")
    values[3, 4, 5] = 2
    small = Layer("small", LayerRole.PREDICTION, LabelMap(values, case.grid, case.scheme))
    session.unsaved_predictions.keep(case, [empty, small])
    kept = session.unsaved_predictions._cases[case.source.identity].kept
    assert [one.values.size for one in kept] == [0, 1]
    back = session.unsaved_predictions.take(case)
    assert not back[0].labels.values.any()
    assert np.argwhere(back[1].labels.values).tolist() == [[3, 4, 5]]


def test_what_was_kept_does_not_go_onto_another_grid(session: Session, cases: list[Case]) -> None:
    case = cases[0]
    layer = Layer("p", LayerRole.PREDICTION, LabelMap(np.ones(case.grid.shape, np.uint8), case.grid, case.scheme))
    session.unsaved_predictions.keep(case, [layer])
    moved = replace(case.grid, affine=case.grid.affine @ np.diag([2.0, 1, 1, 1]))
    assert session.unsaved_predictions.take(replace(case, grid=moved)) == []


def test_what_was_kept_does_not_lie_over_images_that_were_written_anew(session: Session, cases: list[Case]) -> None:
    """The same grid says nothing: all cases of a data set share it."""
    case = cases[0]
    layer = Layer("p", LayerRole.PREDICTION, LabelMap(np.ones(case.grid.shape, np.uint8), case.grid, case.scheme))
    session.unsaved_predictions.keep(case, [layer])
    assert session.unsaved_predictions.layers_of(run_to_end(read_case(case.source)))
    path = case.source.modalities[Modality.T1]
    path.write_bytes(cases[1].source.modalities[Modality.T1].read_bytes())
    os.utime(path, ns=(0, case.stamps[path][1] + 10**9))
    assert session.unsaved_predictions.take(run_to_end(read_case(case.source))) == []


def test_layers_are_renamed_and_moved(session: Session, predicted: Callable[..., Layer]) -> None:
    heard: list[object] = []
    first, second = predicted(), predicted("other")
    session.layers.appearance_changed.connect(heard.append)
    session.layers.rename(first, "  my   first ")
    assert (first.name, heard) == ("my first", [first])
    session.layers.rename(second, "my first")
    assert second.name == "my first 2"
    session.layers.rename(second, "  ")
    assert second.name == "my first 2"
    session.layers.move(second, -1)
    assert list(session.layers)[1:] == [second, first]
    session.layers.move(second, -9)
    assert next(iter(session.layers)) is second
    session.layers.move(first, 1)
    assert list(session.layers)[-1] is first


def test_a_prediction_is_missed_until_somebody_worked_on_a_copy(
    session: Session, cases: list[Case], predicted: Callable[..., Layer]
) -> None:
    predicted()
    copy = session.layers.add(_annotation(session))
    kept = session.unsaved_predictions
    for edited, missed in ((False, 1), (True, 0)):
        copy.edited = edited
        kept.keep(cases[0], session.layers)
        assert len(kept.missed) == missed
