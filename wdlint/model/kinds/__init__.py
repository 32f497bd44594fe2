"""What every parameter of a live model is, and why: `classify` is the door, and weighs what the witnesses say.

A module a witness: `layers` (the class), `forward_uses` (an observed pass), `class_source` (the text of `forward`).
The pass itself is in `observing`; what names tell is in `wdlint.knowledge.names`.
"""
