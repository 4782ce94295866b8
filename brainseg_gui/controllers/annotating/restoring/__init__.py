"""Unsaved work of an earlier start: found, offered, restored."""
