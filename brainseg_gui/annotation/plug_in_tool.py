"""Tools that other packages bring: functions of the images and a mask that give another mask, looked at before use."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.plain_files import visible
from brainseg_gui.plugins.declared import PlugIn
from brainseg_gui.plugins.loading import PlugInError, load


def apply_tool(plug_in: PlugIn, case: Case, mask: LabelMap) -> LabelMap:
    """What a tool makes of a mask; nothing that it is given is changed, whatever it does to its arrays.

    The tool is called with the images by name (``t1ce``: float32), the mask (uint8, numbers of its scheme) and the size
    of a voxel in mm along its axes; all arrays are (I, J, K) and run right, anterior, superior.

    Raises
    ------
    PlugInError
        If it cannot be imported, fails, or gives something that is no mask of the case.
    """
    call = load(plug_in)
    images = {modality.value: np.array(volume.intensities()) for modality, volume in case.volumes.items()}
    try:
        found = np.asarray(call(images, mask.values.copy(order="K"), case.grid.spacing_mm))
    except Exception as error:
        raise _useless(plug_in, f"{type(error).__name__}: {error}") from error
    return LabelMap(_checked(plug_in, found, mask), mask.grid, mask.scheme)


def _checked(plug_in: PlugIn, found: NDArray[Any], mask: LabelMap) -> NDArray[np.uint8]:
    if found.shape != mask.values.shape:
        raise _useless(plug_in, f"it gives an array of {found.shape}, and the case has {mask.values.shape}")
    if found.dtype.kind not in "uib":
        raise _useless(plug_in, f"it gives {found.dtype}, and a mask has whole numbers")
    strange = sorted(set(np.unique(found).tolist()) - {0, *mask.scheme.labels, *mask.present()})
    if strange:
        raise _useless(plug_in, f"it gives the label {strange[0]}, which {mask.scheme.title} does not know")
    return np.asfortranarray(found, dtype=np.uint8)


def _useless(plug_in: PlugIn, reason: str) -> BrainsegError:
    what = f"the tool {plug_in.words} did nothing ({visible(reason, 160)})"
    return PlugInError(what, f"Update it, or switch it off: brainseg plugins --off {plug_in.package}")
