"""Training the small networks that see whole heads: where the brain is, and which contrast an image has."""
