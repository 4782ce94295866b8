"""The series of a raw examination, and the steps that make a case of them."""
