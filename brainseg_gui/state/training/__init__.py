"""Runs as a person follows them."""
