"""Model folders: weights and passports, read without believing them."""
