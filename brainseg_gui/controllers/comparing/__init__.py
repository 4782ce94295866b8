"""Scores, errors, cohorts, figures, reports."""
