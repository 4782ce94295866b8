"""The actions of a work queue, and of other programs that open a case of it."""

from __future__ import annotations

from functools import partial

from brainseg_gui.views.actions.action_spec import ActionSpec

_action = partial(ActionSpec, menu="Cases")
_open_in = partial(_action, topic="Open in", known_as="3d slicer external editor exchange")
_OPEN = "The case and its mask; what is saved there comes back as a layer"

CASE_ACTIONS: tuple[ActionSpec, ...] = (
    _action(
        "cases.done_next",
        "Done, and &next",
        keys=("Ctrl+D",),
        tip="Mark the case done and open the next to do",
        icon="check",
    ),
    _action("cases.next_to_do", "Next &to do", keys=("Ctrl+Shift+PgDown",), tip="Open the next case that is not done"),
    _action("cases.flag", "&Flag…", keys=("Ctrl+Shift+F",), tip="Flag the case with a note", separated=True),
    _action("cases.to_do", "T&o do", tip="Mark the case to do"),
    _action("cases.in_work", "&In work", tip="Mark the case in work; happens by itself when annotating begins"),
    _action("cases.done", "&Done", tip="Mark the case done"),
    _action(
        "cases.run",
        "&Run on the cohort…",
        tip="Segment or score the cases of the list, here or on a cluster",
        separated=True,
    ),
    _action(
        "cases.export",
        "&Export the cohort…",
        tip="All cases as a raw data set of nnU-Net, or their masks for BIDS, 3D Slicer and others",
        known_as="nnunet dataset.json bids derivatives raw data set",
    ),
    _open_in("cases.open_in_slicer", "&Slicer", tip=_OPEN),
    _open_in("cases.open_in_itk-snap", "&ITK-SNAP", tip=_OPEN),
    _open_in("cases.where_is_slicer", "&Where is Slicer…", tip="Choose the program", separated=True),
    _open_in("cases.where_is_itk-snap", "W&here is ITK-SNAP…", tip="Choose the program"),
)
