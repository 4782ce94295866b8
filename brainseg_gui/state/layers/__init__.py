"""The masks of the open case, and the states of a cohort's cases."""
