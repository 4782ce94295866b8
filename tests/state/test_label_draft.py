from __future__ import annotations

from dataclasses import replace

from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labelling.label_entries import LabelEntry, scheme_of
from brainseg_gui.imaging.labelling.own_schemes import save_own_scheme
from brainseg_gui.state.layers.label_draft import LabelDraft


def draft() -> LabelDraft:
    return LabelDraft(scheme_named("brats2020"))


def test_a_scheme_of_the_program_becomes_one_of_the_person() -> None:
    mine = draft()
    assert mine.title == "BraTS 2017–2021, mine"
    assert [entry.number for entry in mine.entries] == [1, 2, 4]
    assert mine.problem == ""
    assert dict(mine.scheme.labels) == {1: "NCR", 2: "ED", 4: "ET"}
    assert mine.scheme.looks == {}
    assert mine.renumbered == {}


def test_every_change_can_be_taken_back_and_made_again() -> None:
    mine = draft()
    states = [(mine.title, mine.entries)]
    for change in (
        lambda: mine.rename("other"),
        lambda: mine.add(),
        lambda: mine.change(0, replace(mine.entries[0], name="solid", colour="#000001")),
        lambda: mine.remove([1]),
        lambda: mine.take(scheme_of("read", [LabelEntry(9, "x", "#123456")])),
    ):
        change()
        states.append((mine.title, mine.entries))
    for state in reversed(states[:-1]):
        mine.undo()
        assert (mine.title, mine.entries) == state
    assert not mine.undoable
    mine.undo()
    for state in states[1:]:
        mine.redo()
        assert (mine.title, mine.entries) == state
    assert not mine.redoable


def test_nothing_is_noted_where_nothing_changes() -> None:
    mine = draft()
    mine.rename(mine.title)
    mine.change(0, mine.entries[0])
    mine.remove([])
    assert not mine.undoable


def test_voxels_follow_their_labels_to_other_numbers() -> None:
    mine = draft()
    mine.change(2, replace(mine.entries[2], number=3))
    assert mine.renumbered == {3: 255, 4: 3}  # what had the number 3 without being a label stays apart
    mine.change(0, replace(mine.entries[0], number=2))
    assert "number 2" in mine.problem
    mine.change(1, replace(mine.entries[1], number=1))
    assert mine.problem == ""
    assert mine.renumbered == {1: 2, 2: 1, 3: 255, 4: 3}


def test_voxels_of_a_label_that_is_gone_are_not_mixed_with_another() -> None:
    mine = draft()
    mine.remove([1])
    assert mine.renumbered == {}
    mine.change(1, replace(mine.entries[1], number=2))
    assert mine.renumbered == {2: 255, 4: 2}


def test_a_title_that_would_take_the_place_of_another_scheme_is_a_problem() -> None:
    save_own_scheme(scheme_of("Vessels, left", [LabelEntry(1, "artery", "#112233")]))
    mine = draft()
    mine.rename("Vessels (left)")
    assert "Vessels, left have one short name" in mine.problem
    mine.rename("Vessels (right)")
    assert not mine.problem
