"""Where in a brain something lies: a probabilistic atlas, a case laid onto it, and what a lesion touches."""
