"""The model engine: what torch can tell of a model, an optimizer or a run. Nothing that lints source imports it.

What users call stands here: `audit` and `groups` from Python, `show` (`wdlint model`) and `running` (`wdlint run`) from
the command line. Below them, from the top floor down: `showing`, `loading`, `optimizers`, `kinds`, `observing`,
`untouched` and `holding`. Judging is not done here (rules do).
"""
