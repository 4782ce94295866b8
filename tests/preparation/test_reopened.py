"""What a record names is looked for where that tells nobody anything."""

from __future__ import annotations

from pathlib import PureWindowsPath

import pytest

from brainseg_gui.preparation.reopened import on_strange_share


@pytest.mark.parametrize(
    ("place", "folder", "strange"),
    [
        (r"\\evil\share\raw", r"C:\cases\P1", True),
        ("//evil/share/raw", r"C:\cases\P1", True),
        (r"\\evil\share\raw", r"\\nas\study\P1", True),
        (r"\\?\UNC\evil\share\raw", r"C:\cases\P1", True),
        (r"\\NAS\study\raw", r"\\nas\Study\prepared\P1", False),
        (r"D:\raw", r"C:\cases\P1", False),
        ("raw", r"C:\cases\P1", False),
    ],
)
def test_no_share_is_asked_that_only_a_record_names(place: str, folder: str, strange: bool) -> None:
    assert on_strange_share(PureWindowsPath(place), PureWindowsPath(folder)) is strange
