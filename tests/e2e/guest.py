"""The smallest server that can tell what it found: a kernel and BusyBox out of Debian's packages, in 15 MB."""

from __future__ import annotations

import gzip
import lzma
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: Modules of the kernel that the virtual devices need, with all that these need themselves.
MODULES = ("drivers/virtio/virtio", "drivers/virtio/virtio_ring", "drivers/virtio/virtio_pci",
           "drivers/virtio/virtio_pci_legacy_dev", "drivers/virtio/virtio_pci_modern_dev", "drivers/block/virtio_blk",
           "net/core/failover", "drivers/net/net_failover", "drivers/net/virtio_net", "drivers/acpi/button",
           "drivers/input/evdev")
FILES = {
    # Packets are switched in user space, where nobody completes their checksums: the server's own driver has to.
    "init": """#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
for module in virtio_pci virtio_blk button evdev 'virtio_net csum=0 gso=0'; do
    modprobe $module
done
acpid -l /dev/null
echo "guest: runs on $(cat /sys/block/vda/size) sectors"
ip link set eth0 up
udhcpc -i eth0 -s /dhcp -t 60 -T 1 -n -q
echo "guest: has $(ip -4 -o address show dev eth0 | awk '{print $4}')"
until name=$(wget -q -O - http://169.254.169.254/latest/meta-data/hostname); do
    sleep 1
done
echo "guest: is called $name"
while :; do
    sleep 1000
done
""",
    "dhcp": """#!/bin/busybox sh
[ "$1" = bound ] || exit 0
ip address add "$ip/$mask" dev "$interface"
ip route add default via "${router%% *}"
""",
    # What the button of a machine does.
    "etc/acpi/PWRF/00000080": "#!/bin/busybox sh\nexec poweroff -f\n",
}


@dataclass
class Guest:
    """What such a server is booted from."""

    kernel: Path
    ramdisk: Path
    disk: Path


def made(folder: Path) -> Guest:
    """Made in ``folder``, with the packages of the release that this machine runs."""
    folder.mkdir()
    _run("apt-get", "download", _newest("linux-image-cloud-amd64"), "busybox-static", cwd=folder)
    for package in folder.glob("*.deb"):
        _run("dpkg-deb", "--extract", package, folder / "packages")
    (release,) = (folder / "packages").glob("**/lib/modules/*")
    tree, modules = folder / "tree", folder / "tree/lib/modules" / release.name
    for path in ("bin", "dev", "proc", "sys"):
        (tree / path).mkdir(parents=True)
    modules.mkdir(parents=True)
    busybox = shutil.copy(folder / "packages/bin/busybox", tree / "bin") if (folder / "packages/bin").exists() \
        else shutil.copy(folder / "packages/usr/bin/busybox", tree / "bin")
    for name in MODULES:
        (module,) = (release / "kernel").glob(f"{name}.ko*")
        data = module.read_bytes()
        (modules / f"{Path(name).name}.ko").write_bytes(lzma.decompress(data) if module.suffix == ".xz" else data)
    _run(busybox, "depmod", "-b", tree, release.name)
    for name, text in FILES.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
        (tree / name).chmod(0o755)
    paths = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
    archive = subprocess.run([busybox, "cpio", "-o", "-H", "newc"], input=paths.encode(), cwd=tree, check=True,
                             capture_output=True).stdout
    (folder / "ramdisk").write_bytes(gzip.compress(archive))
    (folder / "disk").write_bytes(bytes(1 << 20))
    (kernel,) = (folder / "packages/boot").glob("vmlinuz-*")
    return Guest(kernel, folder / "ramdisk", folder / "disk")


def _newest(package: str) -> str:
    """The package of a kernel that one without a version stands for."""
    depends = _run("apt-cache", "depends", "--important", package)
    return next(line.split()[-1] for line in depends.splitlines() if "Depends: linux-image-" in line)


def _run(*words: str | Path, cwd: Path | None = None) -> str:
    return subprocess.run([str(word) for word in words], cwd=cwd, check=True, capture_output=True, text=True).stdout
