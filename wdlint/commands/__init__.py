"""The command line: click's options in `cli`, and one module a command.

What a command does is done in other rooms; here it is read from the line and printed.
"""
