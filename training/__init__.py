"""Training of the network: run folders in, model folders out; run as a process, never imported by the program."""
