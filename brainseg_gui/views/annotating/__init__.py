"""Correcting masks: tools, operations, proposals, unsaved work."""
