"""The lines for Neovim on the editors' page, in one without a screen: a finding comes, is repaired, and saved."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from wdlint import check_paths

pytest.importorskip("pygls")
TOP = Path(__file__).parents[2]
PATIENCE = int(os.environ.get("PATIENCE", "60"))  # seconds
NVIM = shutil.which("nvim")
SCRIPT = TOP / "fixtures" / "library" / "finetune_gpt2.py"
STORY = """
local function until_true(what, holds)
  if not vim.wait(%d, holds, 50) then error("waited in vain: " .. what) end
end

vim.ui.select = function(items, _, chosen)
  told.offers = #items
  chosen(items[1], 1)
end
local ok, trouble = pcall(function()
  until_true("a finding", function() return #vim.diagnostic.get(0) > 0 end)
  local found = vim.diagnostic.get(0)[1]
  told.code, told.source, told.line = found.code, found.source, found.lnum + 1
  vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col })
  local before = vim.api.nvim_buf_get_changedtick(0)
  vim.lsp.buf.code_action()
  until_true("a repair", function() return vim.api.nvim_buf_get_changedtick(0) ~= before end)
  until_true("no finding", function() return #vim.diagnostic.get(0) == 0 end)
  vim.cmd("write")
end)
told.trouble = ok and "" or tostring(trouble)
vim.fn.writefile({ vim.fn.json_encode(told) }, "told.json")
vim.cmd("quitall!")
"""


def version() -> tuple[int, int]:
    told = subprocess.run([NVIM or "", "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = re.findall(r"\d+", told.splitlines()[0])[:2]
    return int(major), int(minor)


def recipe(since: tuple[int, int]) -> str:
    """The page's lines for a version: the first are for 0.11 and later, the second for what came before."""
    page = (TOP / "docs" / "editors.md").read_text(encoding="utf-8")
    new, old = re.findall(r"```lua\n(.*?)```", page, re.DOTALL)
    return str(new if since >= (0, 11) else old)


@pytest.mark.skipif(NVIM is None, reason="needs Neovim")
def test_neovim_shows_a_fault_and_repairs_it(tmp_path: Path) -> None:
    assert NVIM
    shutil.copy(SCRIPT, tmp_path / "train.py")
    (tmp_path / "wdlint.toml").write_text("")
    (tmp_path / "init.lua").write_text(recipe(version()))
    (tmp_path / "story.lua").write_text("local told = {}\n" + STORY % (PATIENCE * 1000))
    command = [NVIM, "--headless", "--clean", "-u", "init.lua", "train.py", "-c", "luafile story.lua"]
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=4 * PATIENCE
    )
    assert (tmp_path / "told.json").exists(), done.stderr
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["trouble"] == ""
    assert (told["source"], told["code"]) == ("wdlint", "WD302")
    assert told["offers"] >= 2  # the repair, and a comment that suppresses
    assert [finding.code for finding in check_paths([str(tmp_path / "train.py")])] == []
    assert "ln_1.weight" in (tmp_path / "train.py").read_text()
