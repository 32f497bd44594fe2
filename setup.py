"""Which folders are installed, and a build in a folder of its own; all else is in pyproject.toml.

setuptools collects what it installs in `build/lib`, and takes along whatever is there: what an older build left behind
in a checkout would be installed beside the sources, or in their place.
"""

import atexit
import shutil
import tempfile

from setuptools import find_packages, setup
from setuptools.command.build import build


class FreshBuild(build):
    """A build in a folder that is made for it, and gone afterwards."""

    def initialize_options(self) -> None:
        super().initialize_options()
        self.build_base = tempfile.mkdtemp(prefix="wdlint-build-")
        atexit.register(shutil.rmtree, self.build_base, ignore_errors=True)


setup(
    cmdclass={"build": FreshBuild},
    packages=[*find_packages(include=["wdlint", "wdlint.*"]), "wdlint.rules"],
    package_dir={"wdlint": "wdlint", "wdlint.rules": "rules"},
)
