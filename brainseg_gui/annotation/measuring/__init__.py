"""Lengths, angles and ellipses that a person laid over the images of a case."""
