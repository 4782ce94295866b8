"""From what a scanner or an archive gave to a case: series, and what is in them."""
