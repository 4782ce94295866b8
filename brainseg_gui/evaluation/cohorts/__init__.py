"""Many cases: pairing them, scoring them in processes of their own."""
