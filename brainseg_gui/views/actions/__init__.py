"""The one table of actions, and what is built from it."""
