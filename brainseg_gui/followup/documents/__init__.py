"""What is made of a follow-up to be read: tables, curves, key images; as text, page, PDF and CSV."""
