"""`wdlint run`: a script is started, watched up to its first optimizer step, and audited there.

`command` is the parent, `watch` the child that runs the script, `launching` sees to the children of that child. What
an audit is, is in `model.audit`.
"""
