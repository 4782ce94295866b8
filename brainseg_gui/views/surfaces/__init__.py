"""Surfaces in 3-D: the picture, and what is chosen for it."""
