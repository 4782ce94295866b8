"""Through the real command, with all its networks: whoever made the scanner, each series gets the same mask."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.preparation import vendors
from tests.preparation.test_vendors import ImageBytes, content, head_as_scanned
from tests.preparation.vendors import Writer

_SECONDS = 1200


def segmented(write: Writer, folder: Path) -> dict[str, ImageBytes]:
    """What `brainseg segment` leaves of what a maker wrote: the prepared case, and a mask on each series."""
    write(folder / "Jane" / "DICOM", head_as_scanned(3.0, 5.0))
    command = [sys.executable, "-P", "-m", "brainseg_gui", "segment", folder / "Jane", "-o", folder / "out"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert (folder / "out" / "Jane_pred.nii.gz").is_file(), done.stderr
    return content(folder / "out" / "Jane")


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(2 * _SECONDS + 60)
def test_two_makers_give_the_same_masks_bit_for_bit(tmp_path: Path) -> None:
    """Classic slices with shuffled names and one file of many frames from the top, with either maker's words."""
    one = segmented(vendors.siemens, tmp_path / "siemens")
    other = segmented(vendors.ge_enhanced, tmp_path / "ge")
    assert one.keys() == other.keys()
    assert {"Jane_t1ce.nii.gz", "Jane_brain_mask.nii.gz", "mask on t1ce", "mask on flair"} <= one.keys()
    assert {name for name in one if one[name] != other[name]} == set()
    for name in ("mask on t1ce", "mask on flair"):
        voxels, _, kind = one[name]
        assert np.frombuffer(voxels, kind).any(), "a mask of nothing would be alike anyway"
