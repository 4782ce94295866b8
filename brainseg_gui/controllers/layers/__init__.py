"""Opening cases, reading and saving masks, the work queue."""
