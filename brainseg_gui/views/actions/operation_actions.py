"""The actions of operations on whole labels, and of looking a proposal through."""

from __future__ import annotations

from functools import partial

from brainseg_gui.state.annotating.operating import OperationKind
from brainseg_gui.views.actions.action_spec import ActionSpec

_operate = partial(ActionSpec, menu="Operations", checkable=True)
_propose = partial(ActionSpec, menu="Operations", topic="Proposal")

OPERATION_ACTIONS: tuple[ActionSpec, ...] = (
    _operate("operate.keep_largest", "&Keep largest", keys=("K",), tip="Remove all islands but the largest"),
    _operate("operate.remove_small", "&Remove small", keys=("Shift+K",), tip="Remove islands below a volume"),
    _operate(
        "operate.remove_island",
        "Remove &here",
        keys=("Delete",),
        tip="Remove the island under the mouse, or at the crosshair; a click moves it",
    ),
    _operate("operate.smooth", "&Smooth", keys=("M",), tip="Median filter in 3-D", separated=True),
    _operate(
        "operate.fill_holes", "&Fill holes", keys=("Shift+F",), tip="Fill what the label encloses, in 3-D or slices"
    ),
    _operate(
        "operate.grow",
        "&Grow",
        keys=("Ctrl++", "Ctrl+="),
        tip="Grow by mm. “Paint over” and locks say what gives way",
    ),
    _operate("operate.shrink", "Shri&nk", keys=("Ctrl+-",), tip="Take the outermost mm off"),
    _operate(
        "operate.interpolate",
        "&Interpolate",
        keys=("J",),
        tip="Fill the slices between painted ones with shapes in between",
        separated=True,
    ),
    _operate(
        "operate.grow_seeds",
        "Grow from see&ds",
        keys=("Shift+W",),
        tip="Regions from seeds on all modalities, in the box around them",
    ),
    _operate("operate.relabel", "Re&label", tip="Give the active label another number", separated=True),
    _operate("operate.swap", "S&wap", tip="Exchange the active label and another one"),
    _operate("operate.merge", "&Merge", tip="Make another label, or all, the active one"),
    _operate("operate.union", "&Unite", tip="Add a region of a layer to the active label", separated=True),
    _operate("operate.intersect", "In&tersect", tip="Keep the active label only inside a region of a layer"),
    _operate("operate.subtract", "Su&btract", tip="Take a region of a layer away from the active label"),
    _propose(
        "propose.next",
        "&Next difference",
        keys=("Ctrl+.",),
        tip="Go to the next place where the proposal differs",
        separated=True,
    ),
    _propose("propose.previous", "&Previous difference", keys=("Ctrl+Shift+.",), tip="Go back to the place before"),
    _propose("propose.accept", "&Accept", keys=("Shift+A",), tip="Take this part from the proposal"),
    _propose("propose.reject", "&Reject", keys=("Shift+R",), tip="Leave this part, and do not show it again"),
    _propose("propose.accept_all", "Accept a&ll", tip="Take everything that is not rejected, small parts too"),
    _propose("propose.reject_all", "Re&ject all", tip="Leave everything that is listed as it is"),
    _propose("propose.reconsider", "Re&consider", tip="Show again what was rejected"),
)

GROUPS: tuple[tuple[str, tuple[OperationKind, ...]], ...] = (
    ("Islands", (OperationKind.KEEP_LARGEST, OperationKind.REMOVE_SMALL, OperationKind.REMOVE_ISLAND)),
    ("Shape", (OperationKind.SMOOTH, OperationKind.FILL_HOLES, OperationKind.GROW, OperationKind.SHRINK)),
    ("Fill in", (OperationKind.INTERPOLATE, OperationKind.SEEDS)),
    ("Labels", (OperationKind.RELABEL, OperationKind.SWAP, OperationKind.MERGE)),
    ("Combine", (OperationKind.UNION, OperationKind.INTERSECT, OperationKind.SUBTRACT)),
)
"""How the panel groups the operations."""
