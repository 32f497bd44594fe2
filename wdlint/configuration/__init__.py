"""The configuration engine: files that configure a library's training loop, each a dialect with a module of its own.

A file in, the same facts out as from source, with places in that file, and what would repair it there. How files are
read is in `wdlint.documents`, what is said of the facts is the rules' business. Nothing in a file is ever run.
"""
