"""`wdlint server`: the linter in an editor, by the language server protocol over standard input and output.

Here lie open documents, what an editor is sent of them, and when. What is linted, fixed and explained, and how, is
the business of the rooms below, as for the command line. Only `start` is imported before pygls is known to be there.
"""
