"""Comparing masks: one implementation of every metric, for the window, the command line and the trainer."""
