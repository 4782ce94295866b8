"""Commands that do the same with many cases, a task for each, on whatever ``--cluster`` names."""
