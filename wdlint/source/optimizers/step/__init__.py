"""How the step of an optimizer that is written in the project decays: into the gradient, or on the weight itself."""
