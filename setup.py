"""Which folders are installed, the page of an index, and a build in its own folder; all else is in pyproject.toml.

setuptools collects what it installs in `build/lib`, and takes along whatever is there: what an older build left behind
in a checkout would be installed beside the sources, or in their place.
"""

import atexit
import re
import shutil
import tempfile
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build import build


class FreshBuild(build):
    """A build in a folder that is made for it, and gone afterwards."""

    def initialize_options(self) -> None:
        super().initialize_options()
        self.build_base = tempfile.mkdtemp(prefix="wdlint-build-")
        atexit.register(shutil.rmtree, self.build_base, ignore_errors=True)


def page() -> str:
    """The README as an index shows it: its links and its picture lead to the repository, where that has an address."""
    top = Path(__file__).parent
    text = (top / "README.md").read_text(encoding="utf-8")
    address = re.search(r'^Repository = "(.+?)/?"$', (top / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    version = re.search(r'__version__ = "(.+)"', (top / "wdlint" / "version.py").read_text(encoding="utf-8"))
    if address is None or version is None:
        return text
    at = f"{address[1]}/%s/v{version[1]}/"
    text = re.sub(r'(?<=src=")(?!https?:)', at % "raw", text)
    return re.sub(r"(?<=\]\()(?!https?:|#)", at % "blob", text)


setup(
    long_description=page(),
    long_description_content_type="text/markdown",
    cmdclass={"build": FreshBuild},
    packages=[*find_packages(include=["wdlint", "wdlint.*"]), "wdlint.rules"],
    package_dir={"wdlint": "wdlint", "wdlint.rules": "rules"},
)
