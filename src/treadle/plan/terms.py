"""Names that the engine and the kernel know, so that a wrong one is seen before anything is changed."""

from __future__ import annotations

import re
import signal


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Sources: capabilities(7), getrlimit(2) as the engine names its limits, Docker's bind mount options.
CAPABILITIES = _words("""
    ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH
    FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE
    NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE
    SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG SYSLOG WAKE_ALARM""")
LIMITS = _words("""
    core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack""")
PROPAGATIONS = frozenset(("shared", "slave", "private", "rshared", "rslave", "rprivate"))
#: At most one of each group may stand in a mount's options.
MOUNT_OPTIONS = (frozenset(("ro", "rw")), frozenset(("z", "Z")), PROPAGATIONS, frozenset(("nocopy",)),
                 frozenset(("consistent", "cached", "delegated")))
SECURITY = frozenset(("apparmor", "label", "no-new-privileges", "seccomp", "systempaths"))
SIGNALS = frozenset(each.name.removeprefix("SIG") for each in signal.Signals)


def is_signal(name: str) -> bool:
    """``HUP``, ``SIGHUP``, ``SIGRTMIN+3`` or a number."""
    if name.isdigit():
        return 1 <= int(name) <= 64
    return re.sub(r"(?<=RTMIN)\+\d+$|(?<=RTMAX)-\d+$", "", name.upper().removeprefix("SIG")) in SIGNALS


def signal_number(name: str) -> int:
    """The kernel's number of a name that ``is_signal``."""
    if name.isdigit():
        return int(name)
    base, sign, offset = re.fullmatch(r"(?:SIG)?(\w+?)(?:([+-])(\d+))?", name.upper()).groups()  # type: ignore[union-attr]
    return signal.Signals[f"SIG{base}"] + int(f"{sign}{offset}" if sign else 0)
