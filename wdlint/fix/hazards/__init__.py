"""What in a program counts on the groups that an optimizer has, or on its class: reasons to trust a fix less.

`around` is the door. Whether a fix is right is not decided here, but in `proof`.
"""
