"""Learning from corrected cases: a network is fine-tuned, compared with the one before, and promoted if better."""
