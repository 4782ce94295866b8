"""Faults of the program while its window is open."""
