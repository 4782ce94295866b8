"""What an operation combines with, by the key that its settings hold."""

from __future__ import annotations

import pytest

from brainseg_gui.state.annotating.operating import Operating


@pytest.mark.parametrize(
    ("part", "meanings"),
    [
        ("TC", {"CC", "ET", "NCR", "NET"}),
        ("RC", {"RC"}),
    ],
)
def test_a_part_is_a_region_or_a_label(part: str, meanings: set[str]) -> None:
    region = Operating(part=part).region
    assert region is not None
    assert region.meanings == meanings


def test_an_unknown_part_is_no_region() -> None:
    assert Operating(part="of another program").region is None
