"""Which file system a path is on."""

from pathlib import PurePosixPath

import pytest

from paceline.model.errors import StoreError
from paceline.mounts import NETWORK, file_system, refuse_network

MOUNTINFO = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:35 / /data rw,nosuid shared:5 master:2 - nfs4 nas:/export rw,vers=4.2
41 40 8:2 / /data/fast rw - xfs /dev/sdb1 rw
42 22 0:36 / /scratch rw - lustre mds@tcp:/fs rw
43 22 0:37 / /my\040disk rw - fuse.sshfs ada@far: rw
44 22 8:3 / /over rw - ext4 /dev/sdc1 rw
45 44 0:38 / /over rw - cifs //nas/share rw
""".strip()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/paceline.db", "ext4"),
        ("/data/paceline.db", "nfs4"),
        ("/data/fast/a/paceline.db", "xfs"),
        ("/database/paceline.db", "ext4"),
        ("/scratch/paceline.db", "lustre"),
        ("/my disk/paceline.db", "fuse.sshfs"),
        ("/over/paceline.db", "cifs"),
    ],
)
def test_the_deepest_and_latest_mount_counts(path: str, kind: str) -> None:
    assert file_system(MOUNTINFO, PurePosixPath(path)) == kind


def test_nothing_mounted_is_nothing_known() -> None:
    assert file_system("", PurePosixPath("/a")) == ""


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "lustre", "gpfs", "ceph", "9p", "fuse.sshfs"])
def test_network_file_systems_are_known(kind: str) -> None:
    assert kind in NETWORK


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk", "fuse.fuse-overlayfs"])
def test_local_file_systems_are_welcome(kind: str) -> None:
    assert kind not in NETWORK


def test_a_store_on_a_network_file_system_is_refused_by_its_name() -> None:
    with pytest.raises(StoreError, match=r"/data/paceline.db is on a network file system \(nfs4\)") as refused:
        refuse_network(MOUNTINFO, PurePosixPath("/data/paceline.db"))
    assert "a disk of this machine" in refused.value.hint


def test_a_store_on_a_disk_is_fine() -> None:
    refuse_network(MOUNTINFO, PurePosixPath("/data/fast/paceline.db"))
