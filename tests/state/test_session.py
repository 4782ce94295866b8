"""Opening a case starts afresh; a preview that comes to nothing leaves everything as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from brainseg_gui.evaluation.metrics.comparison import compare
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.window import Window, auto_window
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.state.work import Work


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def checked(session: Session) -> list[str]:
    """Names of the events; at each, what is displayed must fit the crosshair and the windows."""
    heard: list[str] = []

    def check(name: str) -> None:
        heard.append(name)
        case, viewing = session.displayed, session.viewing
        if case is not None:
            assert all(0 <= v < n for v, n in zip(viewing.crosshair, case.grid.shape, strict=True)), name
            assert set(case.volumes) <= set(viewing.windows), name

    session.viewing.events.connect(lambda info: check(info.signal.name))
    session.case_changed.connect(lambda: check("case"))
    session.layers.changed.connect(lambda: check("layers"))
    return heard


def _partial(case: Case, *modalities: Modality) -> Case:
    return replace(case, volumes={m: case.volumes[m] for m in modalities}, reference=None)


def test_nothing_is_open_at_first(session: Session) -> None:
    assert session.case is session.displayed is session.notice is session.comparison is None
    assert not session.previewing
    assert session.cohort == ()


def test_opening_shows_the_slice_with_most_tumour(session: Session, case: Case) -> None:
    session.open(case)
    assert case.reference is not None
    filled = case.reference.values > 0
    assert session.viewing.crosshair[2] == filled.sum(axis=(0, 1)).argmax()
    assert filled[session.viewing.crosshair]
    assert session.case is session.displayed is case


def test_first_look_by_hand(session: Session, case: Case) -> None:
    values = np.zeros(case.grid.shape, np.uint8)
    values[3, 4, 5] = 2  # one voxel here, six there
    values[10:13, 20:22, 7] = 1
    session.open(replace(case, reference=LabelMap(values, case.grid, case.scheme)))
    assert session.viewing.crosshair == (11, 20, 7)


@pytest.mark.parametrize("reference", ["none", "empty"])
def test_without_tumour_the_middle_is_shown(session: Session, case: Case, reference: str) -> None:
    empty = LabelMap(np.zeros(case.grid.shape, np.uint8), case.grid, case.scheme)
    session.open(replace(case, reference=empty if reference == "empty" else None))
    assert session.viewing.crosshair == (12, 14, 10)


def test_the_reference_becomes_a_saved_outline(session: Session, case: Case) -> None:
    session.open(case)
    (layer,) = session.layers
    assert (layer.name, layer.role, layer.style) == ("reference", LayerRole.REFERENCE, OverlayStyle.OUTLINE)
    assert layer.saved_as == case.source.reference
    assert session.layers.reference is layer
    assert not session.layers.unsaved


def test_new_masks_are_numbered_as_the_reference_is_read_now(session: Session, case: Case) -> None:
    with pytest.raises(RuntimeError, match="no case is open"):
        _ = session.scheme
    session.open(case)
    assert session.scheme == case.scheme
    (reference,) = session.layers
    reference.labels = reference.labels.with_scheme(scheme_named("ed-et-ncr"))
    assert session.scheme == scheme_named("ed-et-ncr")
    session.open(replace(case, reference=None))
    assert session.scheme == case.scheme


def test_opening_another_case_starts_afresh(
    session: Session, read_toy: Callable[..., Case], make_layer: Callable[..., Layer], case: Case
) -> None:
    session.open(case)
    session.layers.add(make_layer())
    session.viewing.agreement = regions()[0]
    session.viewing.set_window(Modality.T1, Window(1.0, 2.0))
    other = read_toy(case_id="Toy_002", seed=5, mask=False)
    session.open(other)
    assert list(session.layers) == []
    assert session.viewing.agreement is None
    assert session.viewing.windows == {m: auto_window(v) for m, v in other.volumes.items()}


def test_windows_of_the_last_time_are_taken_where_there_is_a_volume(session: Session, case: Case) -> None:
    case = _partial(case, Modality.T1, Modality.T2)
    session.open(case, {Modality.T1: Window(5.0, 6.0), Modality.FLAIR: Window(7.0, 8.0)})
    assert session.viewing.windows == {
        Modality.T1: Window(5.0, 6.0),
        Modality.T2: auto_window(case.volumes[Modality.T2]),
    }
    assert session.viewing.modality is Modality.T1


def test_whoever_listens_sees_a_whole_case(
    session: Session, read_toy: Callable[..., Case], case: Case, checked: list[str]
) -> None:
    """From a large case to a small one with other modalities: no event finds half of either."""
    small = read_toy(case_id="Toy_002", shape=(9, 8, 7))
    session.open(_partial(case, Modality.T1))
    session.viewing.crosshair = (23, 27, 19)
    session.preview(_partial(small, Modality.T1CE, Modality.FLAIR))
    session.preview(small)
    session.open(small)
    session.viewing.crosshair = (8, 7, 6)
    session.open(case)
    session.open(small)
    assert checked.count("case") == 6


def test_a_label_hidden_in_one_case_is_seen_in_the_next(session: Session, case: Case) -> None:
    session.open(case)
    session.viewing.toggle_meaning("ED")
    session.open(replace(case, source=case.source))
    assert session.viewing.hidden == frozenset()


def test_a_preview_stands_in_front_of_the_open_case(
    session: Session, read_toy: Callable[..., Case], case: Case
) -> None:
    session.open(case)
    other = read_toy(case_id="Toy_002", shape=(9, 8, 7))
    partial = _partial(other, Modality.T1CE)
    session.preview(partial)
    assert session.displayed is partial
    assert session.case is case
    assert session.previewing
    assert session.viewing.crosshair == (4, 4, 3)
    assert session.viewing.windows[Modality.T1CE] == auto_window(other.volumes[Modality.T1CE])
    session.preview(other)
    assert session.viewing.windows == {m: auto_window(v) for m, v in other.volumes.items()}


def test_what_a_person_did_while_a_case_was_read_is_kept(session: Session, case: Case) -> None:
    session.preview(_partial(case, Modality.T1CE))
    session.viewing.crosshair = (3, 3, 3)
    session.viewing.set_window(Modality.T1CE, Window(1.0, 2.0))
    session.preview(_partial(case, Modality.T1CE, Modality.T1))
    assert session.viewing.crosshair == (3, 3, 3)
    assert session.viewing.windows[Modality.T1CE] == Window(1.0, 2.0)
    session.open(case, {Modality.T1: Window(3.0, 4.0)})
    assert session.viewing.windows[Modality.T1CE] == Window(1.0, 2.0)
    assert session.viewing.windows[Modality.T1] == Window(3.0, 4.0)
    assert session.viewing.windows[Modality.T2] == auto_window(case.volumes[Modality.T2])


def test_a_preview_that_ends_leaves_everything_as_it_was(
    session: Session, read_toy: Callable[..., Case], case: Case
) -> None:
    session.open(case)
    layers = list(session.layers)
    session.viewing.crosshair = (20, 25, 18)
    session.viewing.set_window(Modality.T1, Window(1.0, 2.0))
    windows = session.viewing.windows
    session.preview(_partial(read_toy(case_id="Toy_002", shape=(9, 8, 7)), Modality.T1CE, Modality.T1))
    session.end_preview()
    assert session.displayed is session.case is case
    assert session.viewing.crosshair == (20, 25, 18)
    assert session.viewing.windows == windows
    assert list(session.layers) == layers


def test_ending_no_preview_says_nothing(session: Session, case: Case) -> None:
    heard: list[None] = []
    session.case_changed.connect(lambda: heard.append(None))
    session.end_preview()
    assert heard == []


def test_the_preview_of_another_case_does_not_inherit_from_the_first(
    session: Session, read_toy: Callable[..., Case], case: Case, checked: list[str]
) -> None:
    """A is being read, B is asked for: B is shown with windows and crosshair of its own."""
    small = read_toy(case_id="Toy_002", shape=(9, 8, 7), seed=3)
    session.preview(_partial(case, Modality.T1CE))
    session.viewing.crosshair = (23, 27, 19)
    session.preview(_partial(small, Modality.T1CE))
    assert session.viewing.crosshair == small.grid.centre
    assert session.viewing.windows[Modality.T1CE] == auto_window(small.volumes[Modality.T1CE])


def test_signals_of_the_session_mean_a_change(session: Session, case: Case) -> None:
    heard: list[str] = []
    session.cohort_changed.connect(lambda: heard.append("cohort"))
    session.notice_changed.connect(lambda: heard.append("notice"))
    session.comparison_changed.connect(lambda: heard.append("comparison"))
    for _ in range(2):
        session.set_cohort((case.source,))
        session.say(Notice("something"))
    assert case.reference is not None
    scores = compare(case.reference, case.reference)
    session.set_comparison(scores)
    assert heard == ["cohort", "notice", "comparison"]
    assert session.cohort == (case.source,)
    assert session.comparison is scores


def test_work_begins_and_ends() -> None:
    work = Work()
    work.begin("reading", 4.0)
    assert (work.running, work.stage, work.done, work.expected_s, work.outcome) == (True, "reading", 0.0, 4.0, "")
    work.stage, work.detail, work.done = "inferring", "window 2 of 3", 0.6
    work.end("Done")
    assert (work.running, work.outcome) == (False, "Done")
    work.begin("again")
    assert (work.detail, work.done, work.expected_s, work.outcome) == ("", 0.0, 0.0, "")


def test_the_first_layer_of_a_case_without_reference_is_looked_at(
    session: Session, case: Case, make_layer: Callable[..., Layer]
) -> None:
    session.open(replace(case, reference=None))
    layer = make_layer()
    layer.labels.values[2, 3, 4] = 1
    session.add_layer(layer)
    assert session.viewing.crosshair == (2, 3, 4)


@pytest.mark.parametrize("moved", [False, True])
def test_a_crosshair_that_was_placed_stays(
    session: Session, case: Case, make_layer: Callable[..., Layer], moved: bool
) -> None:
    session.open(replace(case, reference=None) if moved else case)
    session.viewing.crosshair = (20, 20, 2) if moved else session.viewing.crosshair
    before = session.viewing.crosshair
    layer = make_layer()
    layer.labels.values[2, 3, 4] = 1
    session.add_layer(layer)
    assert session.viewing.crosshair == before
    assert layer in list(session.layers)
