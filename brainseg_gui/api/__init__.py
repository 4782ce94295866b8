"""brainseg from Python: open a case, segment it, compare masks, correct them by clicks.

>>> from brainseg_gui import api
>>> sorted(api.__all__)  # doctest: +NORMALIZE_WHITESPACE
['Click', 'Mask', 'OpenCase', 'RefinedMask', 'Segmentation', 'close', 'evaluate', 'open_case', 'open_mask', 'prepare',
 'refine', 'segment']

What stands in `__all__` is public: names and signatures stay, and new parameters have defaults. Arrays are ordered so
that i grows to the patient's right, j to the front, k to the top, whatever the file's order was; masks are saved in the
order of the study's own files. Every error that a file can cause derives from `brainseg_gui.errors.BrainsegError`.
"""

from brainseg_gui.api.values import Click as Click
from brainseg_gui.api.values import Mask as Mask
from brainseg_gui.api.values import OpenCase as OpenCase
from brainseg_gui.api.values import RefinedMask as RefinedMask
from brainseg_gui.api.values import Segmentation as Segmentation
from brainseg_gui.api.work import close as close
from brainseg_gui.api.work import evaluate as evaluate
from brainseg_gui.api.work import open_case as open_case
from brainseg_gui.api.work import open_mask as open_mask
from brainseg_gui.api.work import prepare as prepare
from brainseg_gui.api.work import refine as refine
from brainseg_gui.api.work import segment as segment

__all__ = [
    "Click",
    "Mask",
    "OpenCase",
    "RefinedMask",
    "Segmentation",
    "close",
    "evaluate",
    "open_case",
    "open_mask",
    "prepare",
    "refine",
    "segment",
]
