"""What the program knows: observable, free of Qt, written by the GUI thread only."""
