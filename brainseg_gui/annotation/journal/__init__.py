"""Finished edits on disk, before the next one begins."""
