"""Reports as files: which form a name asks for, and the pages of the PDF."""
