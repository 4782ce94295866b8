"""Mending a mask by hints: what is kept of the open case, and the small network that answers a click."""
