"""A robot that annotates a cohort in the real window, is killed again and again, and goes on."""
