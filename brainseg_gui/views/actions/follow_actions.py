"""The actions of following a patient over visits."""

from __future__ import annotations

from functools import partial

from brainseg_gui.views.actions.action_spec import ActionSpec

_action = partial(ActionSpec, menu="Cases", topic="Follow-up")

FOLLOW_ACTIONS: tuple[ActionSpec, ...] = (
    _action(
        "follow.list",
        "&Follow the list as one patient",
        tip="Take the cases of the list, in whatever folders they lie, for visits of one patient",
        separated=True,
        known_as="longitudinal visits",
    ),
    _action(
        "view.visits",
        "&Two visits side by side",
        keys=("Ctrl+4",),
        tip="The open visit, the one beside it in the same place, and what changed between them",
        checkable=True,
        known_as="compare visits difference map longitudinal",
    ),
    _action(
        "view.blink",
        "&Blink to the visit beside",
        keys=("P",),
        tip="While held, the visit beside the open one stands in its place",
        known_as="flicker toggle previous visit",
    ),
    _action("follow.time_line", "Time &line…", tip="The strip of the visits"),
    _action(
        "follow.measures",
        "Meas&ures…",
        tip="Lesions over the visits, what became of them, and what people say",
        known_as="rano diameters lesions targets",
    ),
    _action(
        "follow.surfaces",
        "L&esions as surfaces",
        tip="Each lesion in its own colour, the same at all visits",
        known_as="3-D 3d identity",
    ),
    _action(
        "follow.carry",
        "Ca&rry the mask over from the visit beside",
        keys=("Shift+M",),
        tip="As a proposal to the annotation of the open visit, where the registered images place it",
        known_as="propagate transfer copy previous visit mask",
    ),
    _action(
        "follow.baseline",
        "&Count from this visit",
        tip="Response is counted from the open visit",
        known_as="baseline",
    ),
    _action("follow.report", "Save re&port…", tip="Tables, curves and key images, as HTML, PDF, CSV or JSON"),
    _action(
        "follow.measure",
        "&Measure again",
        tip="Read the masks of the visits as they are now, and measure them",
        known_as="rano diameters",
    ),
)
