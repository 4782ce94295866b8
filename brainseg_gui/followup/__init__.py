"""The same patient, visit after visit: when, which lesions, how large, and by how much they changed."""
