"""Results of an evaluation as values, tables, text and files."""
