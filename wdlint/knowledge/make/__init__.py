"""Scripts that write the data files of `wdlint.knowledge`; run by hand, never imported by a reader.

    python -m wdlint.knowledge.make.optimizers MEASURED.csv        optimizers.tsv
    python -m wdlint.knowledge.make.layers READ.csv                layers.tsv
    python -m wdlint.knowledge.make.models LIBRARY [TRUTH.csv.gz]  LIBRARY.models.gz
    python -m wdlint.knowledge.make.check TRUTH.csv.gz             nothing: compares

They need torch and the libraries that they describe, in an environment of their own, and say in their
first lines what the measurements that they take hold.
"""
