"""What ``brainseg prepare`` is made of: examinations on a cluster, and what is told of each."""
