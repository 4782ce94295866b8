"""Which file is what: conventions of data sets as data, words in names, trees of folders, patients and visits."""
