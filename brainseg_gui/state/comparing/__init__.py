"""Errors, raters, intensities, cohort results."""
