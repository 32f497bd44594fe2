"""What the blocks of the text reports are made of: lines of source in a frame, the lines of a fix, lines of words.

Which findings make a block, and what of them is said, is decided in `text` and `full`.
"""
