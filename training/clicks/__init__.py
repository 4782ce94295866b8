"""Correcting by clicks: simulated people, what they are measured with, and the small network that answers them."""
