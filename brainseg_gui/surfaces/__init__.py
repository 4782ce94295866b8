"""Masks as surfaces in mm: how they are made, drawn without a graphics card, and written for other programs.

Drawn by ourselves, though libraries exist. Measured on the demonstration case at 600×600 (74,000 quads; processor time
of a frame, two loaded cores, OpenGL by llvmpipe): VTK 343 ms, 614 ms with transparency in its right order, 666 MB
installed, 3 s to import; pyqtgraph.opengl with scikit-image 58 ms, steps at the edges, transparency in no order, 87 MB;
`rendering` 43 ms, 290 ms once with smooth edges when the view rests, 0 MB. Without a display VTK found EGL here; where
there is no driver for it either it cannot draw, and pyqtgraph showed nothing. numpy needs neither display nor driver:
every machine, remote desktop and test sees the same picture.
"""
