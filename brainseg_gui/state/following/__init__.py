"""The patient whose visits are followed."""
