"""From bytes to the engine's own small tree: the screen, the parse, names of files, positions.

What the code means is asked in `values`.
"""
