"""The steps from raw series to a prepared case, each a generator from one `PreparationWork` to the next."""
