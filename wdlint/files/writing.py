"""Writing a file so that it is there in full or as it was, whatever happens in between."""

from __future__ import annotations

import os
import stat
import tempfile

from wdlint.complaint import Complaint
from wdlint.files.project import leads_out


def write_whole(path: str, data: bytes, instead_of: bytes | None = None) -> None:
    """Replace a file's contents in one step; its mode is kept and a link's target is written, inside of its repository.

    Args:
        path: the file.
        data: its new contents.
        instead_of: what the file must still hold: somebody may have saved it since it was read.

    Raises:
        Complaint: it can't be written, leads out of its project, or holds something else; the old file is there.
    """
    outside = os.path.islink(path) and leads_out(path)
    if outside:
        raise Complaint(f"{path}: is a link that leads out of the project, and is left as it is; name {outside} itself")
    target = os.path.realpath(path)
    temporary = ""
    try:
        mode = _mode(target)
        if not mode & 0o222:
            raise Complaint(f"{path}: is read-only and is left as it is")
        handle, temporary = tempfile.mkstemp(prefix=".wdlint-", dir=os.path.dirname(target))
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        if instead_of is not None and _read(target) != instead_of:
            raise Complaint(f"{path}: was changed in the meantime and is left as it is")
        os.replace(temporary, target)
    except OSError as error:
        raise Complaint(f"{path}: can't be written: {error.strerror or error}") from None
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _mode(path: str) -> int:
    """The mode of a file that is there, or the one a new file gets."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
