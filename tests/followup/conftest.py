"""A patient of known sizes over four visits; see `tests.patients`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.patients import write_patient


@pytest.fixture(scope="session")
def patient_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_patient(tmp_path_factory.mktemp("follow") / "P1")
