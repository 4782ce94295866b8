"""Read before the tests' own conftest: what must be said before numpy is imported."""

from __future__ import annotations

import os

# Threads of OpenBLAS that wait for work spin. Two test processes on two cores took five times the processor's time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# So do those of TensorFlow, and tests run beside each other: a tenth of the time of a test that trains.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
