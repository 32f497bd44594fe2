"""Terms over parameters, and their way to a loss or into a gradient.

`search` is the door. How a term is spelled: `terms`, `products`, `operands`; where losses end: `sinks`; how one is
followed back to its `summands`: `flow`, with `names`, `calls` and `scalars`; what is added to gradients by hand:
`gradients`, `hooks` and `addends`. What strength an optimizer gives is read in `optimizers`.
"""
