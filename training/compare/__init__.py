"""Models and baselines on the same cases: ``python -m training.compare``."""
