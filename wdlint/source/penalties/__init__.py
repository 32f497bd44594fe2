"""Terms over parameters, and their way to a loss or into a gradient.

`search` is the door.
"""
