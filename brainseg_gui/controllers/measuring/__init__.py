"""Measuring with the mouse, and keeping what was measured."""
