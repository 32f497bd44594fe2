"""Which files a run looks at, how they are decoded, and how they are written whole.

Nothing here knows Python or decay.
"""
