"""What the program does about its own faults: log, report, marks of a crash, private scratch files."""
