"""The annotation that is edited."""
