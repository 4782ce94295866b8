"""The one home of writing: folders held open, files that are whole or not there, locks, and what a kill left behind.

A name that a person chose is followed where it is a link. A name that the program derives, in a folder that may come
from anywhere, is not: such a folder could let the program write into any file of the person.
"""
