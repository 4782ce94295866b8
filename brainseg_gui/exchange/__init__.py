"""Cohorts in the layouts of other programs: nnU-Net's raw data set, derivatives of BIDS."""
