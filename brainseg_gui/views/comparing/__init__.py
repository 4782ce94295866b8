"""Scores: two masks, several, a cohort; errors, histograms, figures."""
