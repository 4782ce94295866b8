"""From what a scanner or an archive gave to a case: series, and what is in them."""

from brainseg_gui.imaging.cases.unregistered import PREPARATION

RECORD = PREPARATION
"""The note in the folder of a prepared case; such a folder is no raw examination."""
