"""Visits laid onto each other: found, kept, seen side by side, and masks carried over."""
