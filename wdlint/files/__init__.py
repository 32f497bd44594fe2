"""Which files a run looks at, how they are decoded and written, and what git says of them.

Nothing here knows Python or decay.
"""
