"""What a live optimizer does: who holds which parameter, how strong its decay is, and how it acts, by experiment.

The copies that the experiment steps are made in `untouched`; what a parameter is, is decided in `kinds`.
"""
