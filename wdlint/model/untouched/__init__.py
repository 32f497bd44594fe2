"""How everything of the user's stays as it was: copies to work on, random numbers kept, a comparison afterwards.

`shadow` copies a model, `twins` an optimizer, `randomness` keeps numbers, `imprints` tell what has changed after all.
"""
