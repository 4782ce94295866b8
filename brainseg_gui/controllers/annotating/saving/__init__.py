"""Saving masks: where each goes, one save of a layer at a time, and what is asked about it."""
