"""From what a scanner or an archive gave to a case: series, and what is in them."""

RECORD = "preparation.json"
"""The note in the folder of a prepared case; such a folder is no raw examination."""
