"""The proof of a fix: the facts of the mended program, compared with those of the program as it was.

Nothing here plans or writes a fix, and nothing prints: a version of a file is read by a function that is handed in.
"""
