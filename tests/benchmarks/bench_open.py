"""Opening a case: first picture and everything, beside reading the same files one after the other with nibabel."""

from __future__ import annotations

import time
from pathlib import Path

import nibabel as nib

from brainseg_gui.imaging.case_folder import find_case
from brainseg_gui.imaging.read_case import read_case


def measure(case_folder: Path) -> dict[str, float]:
    """Seconds until the first modality and until everything can be shown, and the plain code's seconds."""
    source = find_case(case_folder)
    first = everything = 0.0
    start = time.perf_counter()
    work = read_case(source)
    try:
        while True:
            progress = next(work)
            if progress.partial is not None and not first:
                first = time.perf_counter() - start
    except StopIteration:
        everything = time.perf_counter() - start
    start = time.perf_counter()
    files = [*source.modalities.values(), *([source.reference] if source.reference else [])]
    volumes = [nib.as_closest_canonical(nib.load(path)).get_fdata() for path in files]
    plain = time.perf_counter() - start
    del volumes
    return {"first picture": first, "complete": everything, "nibabel get_fdata": plain}
