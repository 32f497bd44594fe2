"""What a model holds: its modules, its parameters and the kind of each.

What its methods do with a raw parameter is read in `forward`.
"""
