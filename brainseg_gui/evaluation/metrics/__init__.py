"""Comparing label maps: measures, lesions, disagreements, raters."""
