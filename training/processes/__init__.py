"""Several processes, on one computer or on many, that train one run together."""
