"""Images are read without waiting for pydicom, which is there for whoever needs it."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
import brainseg_gui.imaging.cases.read_case, brainseg_gui.imaging.formats.nifti
assert "nibabel" in sys.modules
heavy = sorted({"pydicom", "SimpleITK", "highdicom"} & set(sys.modules))
from pydicom import dcmread
print(heavy, [finder for finder in sys.meta_path if "pydicom" in type(finder).__name__.lower()])
"""


def test_reading_images_loads_no_library_of_examinations() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["[]", "[]"]
