"""OmegaConf: a configuration is what it was made of.

What its methods return is in `configuration`.
"""

from __future__ import annotations

from wdlint.source.libraries import mappings
from wdlint.source.libraries.library import Library, passed_through

LIBRARY = Library(
    paths=("omegaconf", "OmegaConf"),
    calls={
        "OmegaConf.to_container": passed_through,
        "omegaconf.DictConfig": mappings.mapping,
        "omegaconf.OmegaConf.create": passed_through,
        "omegaconf.OmegaConf.merge": passed_through,
        "omegaconf.OmegaConf.structured": passed_through,
        "omegaconf.OmegaConf.to_container": passed_through,
    },
)
