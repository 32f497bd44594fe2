"""What the methods of a module do with its raw parameters: a small abstract interpretation.

Which kind follows is decided in `models.raw_kind`.
"""
