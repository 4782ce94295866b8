"""From case folders to batches."""
