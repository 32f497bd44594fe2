"""Reading source executes nothing: shown with an audit hook around a real run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

EVIL = """\
import torch
import evil_neighbour
from torch import nn
open("executed-train", "w").write("x")


class Net(nn.Module):
    open("executed-class", "w").write("x")

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)


net = Net()
decay = float(__import__("os").system("touch executed-system") or 1)
optimizer = torch.optim.Adam(net.parameters(), weight_decay=decay)
eval("open('executed-eval', 'w')")
"""

WATCH = """\
import json, os, sys
events = []
cache = os.path.abspath("kept")
here = os.getcwd()

def hook(name, arguments):
    if name.startswith(("socket.", "subprocess.", "ctypes.", "ftplib.", "urllib.", "http.")) or name in (
        "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.spawn", "pty.spawn",
    ):
        events.append([name, repr(arguments)[:200]])
    elif name == "open" and isinstance(arguments[0], str):
        path, mode = os.path.abspath(arguments[0]), arguments[1]
        writing = (isinstance(mode, str) and set(mode) & set("wax+")) or (arguments[2] & (os.O_WRONLY | os.O_RDWR))
        if writing and not path.startswith(cache) and path != os.devnull:
            events.append(["write", path])
    elif name == "exec":
        file = getattr(arguments[0], "co_filename", "")
        consts = getattr(arguments[0], "co_consts", ())
        if (file[:1] != "<" and os.path.abspath(file).startswith(here)) or "executed-" in repr(consts):
            events.append(["exec", file])
    elif name == "import" and str(arguments[0]).split(".")[0] in ("torch", "evil_neighbour", "train", "setup"):
        events.append(["import", arguments[0]])
    elif name in (
        "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.chmod", "os.link", "os.symlink", "os.truncate", "os.utime"
    ):
        if not os.path.abspath(arguments[0]).startswith(cache):
            events.append([name, str(arguments[0])])

import wdlint.commands.check, wdlint.commands.cli
sys.dont_write_bytecode = True
sys.addaudithook(hook)
code = 0
try:
    wdlint.commands.cli.wdlint(["--cache-dir", "kept", "--output-format", "concise", "-j", "1", "."])
except SystemExit as stop:
    code = stop.code
print(json.dumps([code, events]))
"""


def test_no_import_exec_process_socket_or_write_on_behalf_of_a_linted_file(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(EVIL)
    (tmp_path / "evil_neighbour.py").write_text("open('executed-neighbour', 'w')\nimport torch\noptim = torch.optim\n")
    (tmp_path / "setup.py").write_text("open('executed-setup', 'w')\n")
    (tmp_path / "conftest.py").write_text("open('executed-conftest', 'w')\n")
    cell = {
        "cell_type": "code",
        "source": "import torch.optim\n!touch executed-shell\n%run train.py\nopt = torch.optim.Adam(p)",
    }
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": [cell], "nbformat": 4}))
    done = subprocess.run([sys.executable, "-c", WATCH], cwd=tmp_path, capture_output=True, text=True, check=True)
    code, events = json.loads(done.stdout.splitlines()[-1])
    assert code == 1, done.stdout + done.stderr
    assert "WD201" in done.stdout
    assert events == []
    assert [path.name for path in tmp_path.glob("executed-*")] == []
    assert done.stderr == ""


def test_source_is_linted_where_torch_cannot_be_imported(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(EVIL)
    script = (
        "import sys\n"
        "sys.modules['torch'] = None\n"  # any import of it raises ImportError
        "from wdlint.commands.cli import wdlint\n"
        "wdlint(['--no-cache', '--output-format', 'concise', 'train.py'])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "WD201" in done.stdout
    assert done.stderr == ""


def test_a_folder_that_names_its_files_like_our_libraries_is_read_and_not_run(tmp_path: Path) -> None:
    for name in ("click", "libcst", "tomllib", "json", "ast", "dataclasses", "concurrent", "re"):
        (tmp_path / f"{name}.py").write_text(f"open('executed-{name}', 'w')\n" + EVIL)
    done = subprocess.run(
        [sys.executable, "-m", "wdlint", "--no-cache", "--output-format", "concise", "-j", "2", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.count("WD201") == 8
    assert [path.name for path in tmp_path.glob("executed-*")] == []
