"""Is a path on a network file system?

SQLite's write-ahead log needs memory that all its processes share, and locks that hold. Network file systems promise
neither, and databases on them break silently; so a store refuses them by name.
"""

import re
from pathlib import PurePosixPath

from paceline.model.errors import StoreError

NETWORK = frozenset(
    {
        *("9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs"),
        *("nfs4", "ocfs2", "orangefs", "panfs", "pvfs2", "smb2", "smb3", "smbfs", "weka", "wekafs"),
        *("fuse.ceph", "fuse.ceph-fuse", "fuse.curlftpfs", "fuse.davfs2", "fuse.gcsfuse", "fuse.glusterfs"),
        *("fuse.goofys", "fuse.juicefs", "fuse.mfs", "fuse.rclone", "fuse.s3fs", "fuse.seaweedfs", "fuse.sshfs"),
    }
)
"""Types as the kernel writes them in ``/proc/self/mountinfo``."""


def refuse_network(mountinfo: str, path: PurePosixPath) -> None:
    """Raises StoreError if the path is on a file system that another machine serves."""
    kind = file_system(mountinfo, path)
    if kind in NETWORK:
        message = f"store: {path} is on a network file system ({kind}), on which SQLite breaks"
        raise StoreError(message, hint="give a path on a disk of this machine")


def file_system(mountinfo: str, path: PurePosixPath) -> str:
    """Type of the file system that an absolute, resolved path is on; empty if nothing is mounted above it.

    ``mountinfo`` is the text of ``/proc/self/mountinfo`` (see proc(5)).
    """
    deepest, kind = -1, ""
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        mounted = PurePosixPath(_unescape(left.split()[4]))
        depth = len(mounted.parts)
        if depth >= deepest and path.is_relative_to(mounted):  # of two mounts on one point the later one shows
            deepest, kind = depth, right.split()[0]
    return kind


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), text)
