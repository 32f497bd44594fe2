"""The version of wdlint, and nothing else: the build reads it, and every room may."""

__version__ = "0.1.0"
