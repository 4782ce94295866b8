"""From volumes to labels: model folders, preprocessing, the network in its own process."""
