"""The measurements of the open case."""
