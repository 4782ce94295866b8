"""Label schemes of people: their entries, their files in several formats, and where they lie."""
