"""Surfaces in 3-D: making and drawing them off the GUI thread, going where a person points, exporting."""
