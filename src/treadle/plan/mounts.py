"""What a container sees of the node: a mount ``SOURCE:DEST[:OPTIONS]``, a device ``PATH[:DEST][:RIGHTS]``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from treadle.errors import PlanError, nearest
from treadle.plan.terms import MOUNT_OPTIONS, PROPAGATIONS


@dataclass(frozen=True)
class Mount:
    """``source`` is a path of the node or the name of one of the engine's volumes."""

    source: str
    destination: str
    options: tuple[str, ...] = ()

    @property
    def named(self) -> bool:
        return not self.source.startswith("/")


def parse_mount(text: str, where: str = "") -> Mount:
    """Raises PlanError for what the engine would refuse, and for what it would take for something else."""
    parts = text.split(":")
    if len(parts) not in (2, 3):
        raise PlanError(f"expected SOURCE:DEST[:OPTIONS], got {text!r}", key=where)
    mount = Mount(parts[0], parts[1], tuple(parts[2].split(",")) if len(parts) == 3 else ())
    if mount.named and not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+", mount.source):
        raise PlanError(f"expected an absolute path or a volume's name before the colon, got {text!r}", key=where)
    if not mount.destination.startswith("/") or not mount.destination.strip("/"):
        raise PlanError(f"expected an absolute path in the container, not its root, after the colon, got {text!r}",
                        key=where)
    _check_options(mount, text, where)
    return mount


def _check_options(mount: Mount, text: str, where: str) -> None:
    known = [option for group in MOUNT_OPTIONS for option in group]
    for option in mount.options:
        if option not in known:
            raise PlanError(f"no option of a mount is called {option!r}{nearest(option, known)}, in {text!r}",
                            key=where, hint=f"known options: {', '.join(sorted(known))}")
    for group in MOUNT_OPTIONS:
        if len(both := [option for option in mount.options if option in group]) > 1:
            raise PlanError(f"{' and '.join(both)} exclude each other in {text!r}", key=where)
    wrong = PROPAGATIONS if mount.named else {"nocopy"}
    for option in set(mount.options) & wrong:
        other = "a path of the node" if mount.named else "a named volume"
        raise PlanError(f"{option} is for {other}, in {text!r}", key=where)


@dataclass(frozen=True)
class Device:
    """A device of the node at ``source``, and what the container may do with it: read (r), write (w), make it (m)."""

    source: str
    destination: str
    rights: str = "rwm"


def parse_device(text: str, where: str = "") -> Device:
    """As the engine's own client takes its ``--device``. Raises PlanError."""
    found = re.fullmatch(r"(/[^:]+)(?::(/[^:]+))?(?::([rwm]+))?", text)
    rights = (found and found[3]) or "rwm"
    if not found or len(set(rights)) < len(rights):
        raise PlanError(f"expected PATH[:DEST][:RIGHTS] such as /dev/kvm or /dev/sdc:/dev/xvdc:r, got {text!r}",
                        key=where, hint="rights are letters out of rwm: read, write, make the device")
    return Device(found[1], found[2] or found[1], rights)
