"""A short campaign of the robot (`python -m tests.robot` is the long one): kills, no modes, a slow rename."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.robot.campaign import Campaign


@pytest.mark.parametrize(("mode", "cases", "kills"), [("no-chmod", 4, 1), ("slow-rename", 3, 1)])
def test_every_mask_is_right_and_goes_on(tmp_path: Path, mode: str, cases: int, kills: int) -> None:
    campaign = Campaign(tmp_path, cases, kills, mode, seed=2)
    campaign.run()
    assert campaign.offences() == []
    assert sum(campaign.moments.values()) == kills
