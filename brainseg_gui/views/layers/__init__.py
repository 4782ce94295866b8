"""Cases, and the masks of the open one."""
