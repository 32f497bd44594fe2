"""Files of data as values with places: JSON, YAML, and Python that is nothing but data.

What a file is read as can be asked for each value where it stands. Nothing here knows what the values mean, and
nothing in a file is ever run: no tag, no call, no import.
"""
