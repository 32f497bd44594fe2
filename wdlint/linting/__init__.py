"""The way through: from a file's bytes to its findings, for one file and for many, and what is remembered between runs.

It calls the engine and the rules; how either works is theirs. The examples of rules go the same way.
"""
