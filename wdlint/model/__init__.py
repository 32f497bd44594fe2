"""The model engine: what torch can tell of a model, an optimizer or a run. The only place that imports torch.

Loading, classifying, probing and watching live here; judging does not (rules do), and neither does showing.
"""
