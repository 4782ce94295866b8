"""The steps from raw series to a prepared case, each a generator from `Work` to `Work`."""
