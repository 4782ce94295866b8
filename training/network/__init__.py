"""What a step trains: the network, what it makes small, what is counted, and how the weights move."""
