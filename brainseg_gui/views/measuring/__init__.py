"""The list of measurements."""
