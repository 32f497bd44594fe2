"""Settings: the catalogue of all, the files that they are read from, and their JSON schema."""
