"""What the masks of a cohort mean together: votes, and who is asked."""
