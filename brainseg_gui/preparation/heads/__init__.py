"""Where the brain is in a head, and which contrast an image has, told by small networks from the image itself."""
