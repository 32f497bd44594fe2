"""Where optimizers are made, what they are given, how a written step decays (`step`), what libraries make (`loops`)."""
