"""Patients that never lived: real anatomies, procedural tumours, simulated MRI."""
