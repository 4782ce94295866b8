"""The time line of a patient, the measures, and two visits side by side."""
