"""Scripts that write the data files of `wdlint.knowledge`; run by hand, never imported by a reader.

    python -m wdlint.making.optimizers MEASURED.csv        optimizers.tsv
    python -m wdlint.making.layers READ.csv                layers.tsv
    python -m wdlint.making.models LIBRARY [TRUTH.csv.gz]  LIBRARY.models.gz
    python -m wdlint.making.check TRUTH.csv.gz             nothing: compares

They need torch and the libraries that they describe, in an environment of their own, and say in their
first lines what the measurements that they take hold.
"""
