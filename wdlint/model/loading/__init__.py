"""From what a user names to a module, or to the names and shapes in a checkpoint.

The only room that runs the user's code at his word; what is then done with a module is for the other rooms.
"""
