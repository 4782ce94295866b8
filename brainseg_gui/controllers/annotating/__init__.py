"""Correcting masks: tools, journal, saving, restoring."""
