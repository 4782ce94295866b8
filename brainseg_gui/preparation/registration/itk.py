"""SimpleITK, on one thread.

Several threads add up in another order each time, and give another motion each time, if only in its last digits.
Setting it for one registration does not reach the metric. Series can be registered side by side instead: SimpleITK
lets Python go on while it works.
"""

from __future__ import annotations

import SimpleITK

__all__ = ["SimpleITK"]

SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
