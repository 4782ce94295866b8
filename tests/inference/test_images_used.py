"""What could not be registered is not shown to a network that can do without it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.images_used import cautions_of, images_used
from brainseg_gui.inference.models.model_folder import default_model
from tests.inference.conftest import MakeCase

FLAIR, T1, T1CE, T2 = Modality.FLAIR, Modality.T1, Modality.T1CE, Modality.T2
ALL = default_model().passport.modalities


@pytest.mark.parametrize(
    ("lost", "optional", "used"),
    [
        ((), {T1, T2}, {*ALL}),
        ((T2,), {T1, T2}, {FLAIR, T1, T1CE}),
        ((T1, T2), {T1, T2}, {FLAIR, T1CE}),
        ((T1CE, T2), {T1, T2}, {FLAIR, T1, T1CE}),
        (ALL, set(ALL), {*ALL}),
    ],
    ids=["none", "one", "two", "one that is needed", "all, so that nothing would be left"],
)
def test_what_is_given(
    lost: tuple[Modality, ...], optional: set[Modality], used: set[Modality], make_case: MakeCase
) -> None:
    passport = replace(default_model().passport, may_be_missing=dict.fromkeys(optional, "a little"))
    case = replace(make_case(), not_registered=lost)
    assert images_used(case, passport).keys() == used
    assert set(case.volumes) == set(ALL)  # it is seen as before
    assert bool(cautions_of(case, passport)) == bool(lost)


def test_what_is_said_of_them(make_case: MakeCase) -> None:
    passport = replace(default_model().passport, may_be_missing={T1: "TC .09 lower", T2: "TC .1 lower"})
    case = replace(make_case(), not_registered=(T2,))
    assert cautions_of(case, passport) == (
        "T2 could not be registered and is left out as if it were missing: TC .1 lower. Placed by hand in the Prepare "
        "panel, it is used when you segment again",
    )
    case = replace(make_case(without=(T1,)), not_registered=(T2, T1CE))
    absent, out, needed = cautions_of(case, passport)
    assert absent == "T1 is missing: TC .09 lower"
    assert out.startswith("T2 could not be registered and is left out")
    assert needed.startswith("T1ce could not be registered and is used all the same, for the model needs it")
    (both,) = cautions_of(replace(make_case(), not_registered=(T1, T2)), passport)
    assert both.startswith("T1 and T2 could not be registered and are left out as if they were missing: without T1 TC")
    assert both.endswith("they are used when you segment again")
