"""The raw examination that is prepared."""
