"""Fixes: from a finding and the facts it rests on to edits of the source, and their proof.

`plan` is the door for planning, `apply` for applying. What the emitted code looks like is in `emit`. Nothing
here judges what is a fault or reads a program's meaning: that is the rules' and the engines' business.
"""
