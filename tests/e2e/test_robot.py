"""A short campaign of the robot (`python -m tests.robot` is the long one): kills, no modes, a slow rename."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.robot.campaign import Campaign


@pytest.mark.parametrize(
    ("mode", "cases", "kills"), [("no-chmod", 3, 1), pytest.param("slow-rename", 3, 1, marks=pytest.mark.slow)]
)
def test_every_mask_is_right_and_goes_on(tmp_path: Path, mode: str, cases: int, kills: int) -> None:
    campaign = Campaign(tmp_path, cases, kills, mode, seed=2)
    campaign.run()
    assert campaign.offences() == []
    assert sum(campaign.moments.values()) == kills
