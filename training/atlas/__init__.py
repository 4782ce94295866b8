"""The atlas that comes with the program: made of people's anatomical label maps, and measured on those left out."""
