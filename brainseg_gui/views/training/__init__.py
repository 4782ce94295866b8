"""Runs: describing one, and following it."""
