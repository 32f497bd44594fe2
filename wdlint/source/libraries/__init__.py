"""What calls and members of Python's and other libraries mean to the evaluator.

Tables of plain facts are in `wdlint.knowledge`.
"""
