"""What is known of scored cases, as plain values: pairs, measures, reports, and their form in JSON."""
