"""Values of the right type that the engine would refuse in the middle of a step, or that contradict each other."""

import pytest

from treadle.errors import PlanError
from treadle.plan.containers import KEYS, parse_container

HEALTH = {"test": "x"}
OSLO = {"files": ["/etc/a.conf"]}
RELOAD = {"signal": "HUP", "absorbs": [{"file": "etc/a.conf"}], "seen": {"workers": True}}


def parse(entry):
    return parse_container("c", {"image": "i", **entry}, "s")


def reload(**changes):
    given = {**RELOAD, **changes}
    return {"reload": {key: value for key, value in given.items() if value is not None}}


def checks(*given):
    return {"validate": list(given)}


def seen(**given):
    return reload(seen=given)


@pytest.mark.parametrize("entry", [
    {"action": "exec", "command": "c true", "user": "root", "privileged": True, "environment": {"A": 1},
     "exit_codes": [0, 1], "start_order": 3, "config_volume": "v", "detach": False},
    {"net": "host", "ipc": "container:a", "pid": "container:a", "uts": "host", "cgroupns": "private"},
    {"devices": ["/dev/kvm", "/dev/a:/dev/b", "/dev/a:r", "/dev/a:/dev/c:mw"]},
    {"net": "container:a"}, {"net": "some_network"}, {"ipc": "shareable"}, {"ipc": "private"}, {"ipc": "none"},
    {"volumes": ["/a:/a:ro,z", "/b:/b:shared", "data:/c:nocopy", "/a:/d:rw,Z,rslave", "/a:/e"]},
    {"volumes_from": ["a", "b:ro"]},
    {"ulimit": ["nofile=1024:4096", "nproc=-1:-1", "core=-1", "memlock=5"]},
    {"mem_limit": "1g", "memswap_limit": "2g"}, {"mem_limit": "1g", "memswap_limit": -1}, {"memswap_limit": -1},
    {"cpuset_cpus": "all"}, {"cpuset_cpus": "0-3,5"}, {"mem_swappiness": 0}, {"pids_limit": -1}, {"cpu_shares": 512},
    {"cap_add": ["NET_ADMIN", "cap_sys_admin", "ALL"], "cap_drop": ["all"]},
    {"security_opt": ["label=disable", "label:type:a", "no-new-privileges", "seccomp=unconfined", "apparmor=x"]},
    {"extra_hosts": ["a:192.0.2.1", "b:2001:db8::1", "c:[::1]", "d:host-gateway"]},
    {"healthcheck": {"test": ["CMD", "a"], "interval": "500ms", "start_period": 0}},
    {"healthcheck": {"test": ["CMD-SHELL", "a | b"]}}, {"healthcheck": {"test": ["a", "b"]}},
    {"stop_signal": "SIGTERM"}, {"stop_signal": "term"}, {"stop_signal": "RTMIN+3"}, {"stop_signal": 15},
    {"restart": "no"}, {"restart": "on-failure:5"}, {"restart": "on-failure", "detach": False},
    {"remove": True}, {"remove": True, "detach": False}, {"remove": True, "restart": "no"},
    reload(), reload(signal=None, command="a 'b c'"), reload(absorbs=[{"file": "a", "options": ["DEFAULT/*"]}]),
    seen(log=r"{section}\.{option} *from", file="/var/log/a"), seen(log="a{3}"), seen(command="true"),
    {"health": {"command": "true"}}, {"health": {}, "healthcheck": HEALTH}, {"health": {"stay_up": 5}},
    {"drain": {"command": ["true"], "undo": "true", "within": "1m"}},
    {"node_drain": {"command": "away {node}", "undo": ["back", "{node}"], "where": "all", "within": "1m"}},
    {"node_drain": {"stop": True}},
    {"validate": [{"oslo": {"files": ["/etc/a.conf"]}}, {"command": "true", "output": "(?P<message>.*)"}]},
    {"validate": [{"oslo": {"files": ["/etc/a.conf", "/etc/b.conf"], "namespaces": ["a"], "groups": [
        {"named_by": "DEFAULT/enabled_backends", "like": "backend_defaults", "driver": "volume_driver"}]}}]},
    {"validate": [{"oslo": {"files": ["/etc/a.conf"], "groups": [
        {"named_by": "stores/names", "prefix": "store:", "options": ["kind"]}]}}]},
    {"validate": [{"command": ["a", "-t"], "file": "/etc/a.conf", "section": "s", "ignore": "x", "within": "1m"}],
     "detach": False},
    {"depends_on": ["tripleo_a.service"], "systemd_exec_flags": {"RestartSec": 5}},
])
def test_what_may_be(entry):
    assert parse(entry)


REFUSED = [
    ({"action": "exec", "command": "c"}, r"c\.command: what is to be run in c\?"),
    ({"action": "exec", "command": "c true", "volumes": ["/a:/a"]}, r"c\.volumes: an exec has no use for volumes"),
    ({"ipc": "hots"}, r"c\.ipc: expected host, none, private, shareable or container:NAME, got 'hots'"),
    ({"ipc": "container:"}, r"c\.ipc: expected"),
    ({"pid": "private"}, r"c\.pid: expected host or container:NAME"),
    ({"uts": "container:a"}, r"c\.uts: expected host, got 'container:a'"),
    ({"net": "container:"}, r"c\.net: expected"),
    ({"net": "container:a", "hostname": "h"}, r"c\.hostname: with net: container:a the name is not its own"),
    ({"uts": "host", "hostname": "h"}, r"c\.hostname: with uts: host"),
    ({"net": "container:a", "extra_hosts": ["a:::1"]}, r"c\.extra_hosts: with net: container:a"),
    ({"volumes": ["/a"]}, r"c\.volumes: expected SOURCE:DEST\[:OPTIONS\], got '/a'"),
    ({"volumes": ["/a:/b:ro:z"]}, r"c\.volumes: expected SOURCE:DEST"),
    ({"volumes": [":/b"]}, r"c\.volumes: expected an absolute path or a volume's name"),
    ({"volumes": ["./a:/b"]}, r"c\.volumes: expected an absolute path or a volume's name"),
    ({"volumes": ["/a:b"]}, r"c\.volumes: expected an absolute path in the container"),
    ({"volumes": ["/a:/"]}, r"c\.volumes: expected an absolute path in the container, not its root"),
    ({"volumes": ["/a:/b:or"]}, r"c\.volumes: no option of a mount is called 'or', in '/a:/b:or'"),
    ({"volumes": ["/a:/b:"]}, r"c\.volumes: no option of a mount is called ''"),
    ({"volumes": ["/a:/b:ro,rw"]}, r"c\.volumes: ro and rw exclude each other"),
    ({"volumes": ["data:/b:shared"]}, r"c\.volumes: shared is for a path of the node"),
    ({"volumes": ["/a:/b:nocopy"]}, r"c\.volumes: nocopy is for a named volume"),
    ({"volumes": ["/a:/b", "/c:/b/"]}, r"c\.volumes: /b is mounted twice: /a:/b and /c:/b/"),
    ({"volumes_from": ["a:b:c"]}, r"c\.volumes_from: expected NAME or NAME:ro"),
    ({"ulimit": ["nofile"]}, r"c\.ulimit: expected a limit such as nofile=1024:4096, got 'nofile'"),
    ({"ulimit": ["nofiles=5"]}, r"c\.ulimit: no limit is called nofiles \(did you mean nofile\?\)"),
    ({"ulimit": ["nofile=5:4"]}, r"c\.ulimit: the soft limit is above the hard one"),
    ({"ulimit": ["nofile=-1:4"]}, r"c\.ulimit: the soft limit is above the hard one"),
    ({"mem_limit": "much"}, r"c\.mem_limit: expected a size"),
    ({"memswap_limit": "1g"}, r"c\.memswap_limit: memory and swap together are limited"),
    ({"mem_limit": "2g", "memswap_limit": "1g"}, r"c\.memswap_limit: memory and swap together \(1g\) are less"),
    ({"cpuset_cpus": "0..3"}, r"c\.cpuset_cpus: expected CPUs such as 0-3"),
    ({"mem_swappiness": 101}, r"c\.mem_swappiness: expected a number, -1 to 100, got 101"),
    ({"pids_limit": -2}, r"c\.pids_limit: expected a number, at least -1, got -2"),
    ({"cpu_shares": -1}, r"c\.cpu_shares: expected a number"),
    ({"check_interval": 0}, r"c\.check_interval: expected a number, at least 1"),
    ({"exit_codes": [256]}, r"c\.exit_codes: an exit code is 0 to 255, got 256"),
    ({"exit_codes": []}, r"c\.exit_codes: which exit code means success\?"),
    ({"cap_add": ["NET_ADMN"]}, r"c\.cap_add: no capability is called NET_ADMN \(did you mean NET_ADMIN\?\)"),
    ({"cap_drop": ["x"]}, r"c\.cap_drop: no capability"),
    ({"cgroupns": "container:a"}, r"c\.cgroupns: expected host, private, got 'container:a'"),
    ({"devices": ["kvm"]}, r"c\.devices: expected PATH\[:DEST\]\[:RIGHTS\] .* got 'kvm'"),
    ({"devices": ["/dev/a:/dev/b:rx"]}, r"c\.devices: expected PATH"),
    ({"devices": ["/dev/a:rr"]}, r"c\.devices: expected PATH"),
    ({"security_opt": "labels=disable"}, r"c\.security_opt: no security option is called labels \(did you mean label"),
    ({"extra_hosts": ["a"]}, r"c\.extra_hosts: expected NAME:IP, got 'a'"),
    ({"extra_hosts": ["a:b"]}, r"c\.extra_hosts: expected NAME:IP, got 'a:b'"),
    ({"environment": ["=x"]}, r"c\.environment: a variable has no name"),
    ({"healthcheck": {"test": " "}}, r"c\.healthcheck\.test: expected the command that checks it"),
    ({"healthcheck": {"test": ["NONE"]}}, r"c\.healthcheck\.test: expected the command"),
    ({"healthcheck": {"test": ["CMD"]}}, r"c\.healthcheck\.test: expected the command"),
    ({"healthcheck": {"test": ["CMD-SHELL", "a", "b"]}}, r"c\.healthcheck\.test: CMD-SHELL takes one text"),
    ({"healthcheck": {**HEALTH, "interval": "soon"}}, r"c\.healthcheck\.interval: expected a time .* got 'soon'"),
    ({"healthcheck": {**HEALTH, "timeout": "100us"}}, r"c\.healthcheck\.timeout: expected at least 1ms"),
    ({"healthcheck": {**HEALTH, "timeout": 0}}, r"c\.healthcheck\.timeout: expected at least 1ms"),
    ({"healthcheck": {**HEALTH, "start_period": "x"}}, r"c\.healthcheck\.start_period: expected a time"),
    ({"healthcheck": {**HEALTH, "retries": 0}}, r"c\.healthcheck\.retries: expected at least 1, got 0"),
    ({"stop_signal": "TREM"}, r"c\.stop_signal: no signal is called TREM \(did you mean TERM\?\)"),
    ({"stop_signal": "65"}, r"c\.stop_signal: no signal is called 65"),
    ({"stop_grace_period": "-1"}, r"c\.stop_grace_period: expected a time"),
    ({"restart": "sometimes"}, r"c\.restart: expected no, always, unless-stopped or on-failure"),
    ({"restart": "always:3"}, r"c\.restart: expected no"),
    ({"restart": "always", "remove": True}, r"c\.remove: with restart: always it does not end"),
    ({"restart": "always", "detach": False}, r"c\.restart: a one-shot .* would never be done"),
    (reload(command="true"), r"c\.reload: a reload is a signal or a command, and both are given"),
    (reload(signal=None), r"c\.reload: a reload is a signal or a command, and neither is given"),
    (reload(signal="HUPP"), r"c\.reload\.signal: no signal is called HUPP \(did you mean HUP\?\)"),
    (reload(signal=None, command="a 'b"), r"c\.reload\.command: \"a 'b\" is not a command: no closing quotation"),
    (reload(absorbs=[]), r"c\.reload\.absorbs: expected what the reload can absorb"),
    (reload(absorbs=[{"file": "a", "options": ["debug"]}]),
     r"c\.reload\.absorbs\[0\]\.options: expected section/option, got 'debug'"),
    (reload(absorbs=[{"file": "a", "options": "some"}]),
     r"c\.reload\.absorbs\[0\]\.options: expected all, mutable or a list, got some"),
    (reload(absorbs=[{"fil": "a"}]), r"c\.reload\.absorbs\[0\].*fil"),
    (reload(drain="x"), r"c\.reload\.drain: expected a time"),
    (reload(remove=True), r"c\.reload\.remove: reload has no key remove"),
    ({**reload(), "remove": True}, r"c\.remove: a reload that does not take ends in a restart"),
    (seen(), r"c\.reload\.seen: expected how one sees that the reload took"),
    (seen(log="a("), r"c\.reload\.seen\.log: a\( is not a regular expression: "),
    (seen(log="a", within="x"), r"c\.reload\.seen\.within: expected a time"),
    (seen(workers=True, file="/a"), r"c\.reload\.seen\.file: the file is read for log"),
    ({**reload(), "detach": False}, r"c\.reload: reload is for containers that stay"),
    ({"health": {}}, r"c\.health: expected a command, a stay_up, or a healthcheck beside it"),
    ({"health": {"command": "true", "within": "x"}}, r"c\.health\.within: expected a time"),
    ({"health": {"command": "true", "within": 0}}, r"c\.health\.within: expected a time above 0"),
    ({"health": {"command": "true", "timeout": 0}}, r"c\.health\.timeout: expected a time above 0"),
    ({"health": {"command": "true"}, "detach": False}, r"c\.health: health is for containers that stay"),
    ({"drain": {"command": ""}}, r"c\.drain\.command: expected the command that keeps new work away"),
    ({"drain": {"command": "true", "within": "x"}}, r"c\.drain\.within: expected a time"),
    ({"node_drain": {"undo": "true"}}, r"c\.node_drain: expected a command that keeps work away from a node, or stop"),
    ({"node_drain": {"command": "a", "stop": True}}, r"c\.node_drain: expected a command .* or stop"),
    ({"node_drain": {"stop": True, "where": "all"}},
     r"c\.node_drain\.where: a container of another node is not stopped"),
    ({"node_drain": {"command": "a", "within": "x"}}, r"c\.node_drain\.within: expected a time"),
    ({"drain": {"undo": "true"}}, r"c\.drain: drain needs command"),
    (checks({}), r"c\.validate\[0\]: a check is oslo or a command, and neither is given"),
    (checks({"command": "a", "oslo": OSLO}), r"c\.validate\[0\]: a check is oslo or a command, and both are given"),
    (checks({"command": "a"}, {"command": "a 'b"}), r"c\.validate\[1\]\.command: .* is not a command: no closing"),
    (checks({"comand": "a"}), r"c\.validate\[.*comand: validate has no key comand \(did you mean command\?\)"),
    (checks({"oslo": {"file": "/a"}}), r"c\.validate\[.*oslo.*: validate\.oslo has no key file \(did you mean files"),
    (checks({"oslo": {}}), r"c\.validate\[.*oslo: validate\.oslo needs files"),
    (checks({"oslo": {"files": []}}), r"c\.validate\[0\]\.oslo\.files: expected the files' absolute paths"),
    (checks({"oslo": {"files": ["a"]}}), r"c\.validate\[0\]\.oslo\.files: expected the files' absolute paths"),
    (checks({"oslo": {**OSLO, "groups": [{"named_by": "a", "like": "b"}]}}),
     r"c\.validate\[0\]\.oslo\.groups: expected section/option, got 'a'"),
    (checks({"oslo": OSLO, "output": "a"}), r"c\.validate\[0\]\.output: output is for a command"),
    (checks({"command": "a", "output": "("}), r"c\.validate\[0\]\.output: \( is not a regular expression"),
    (checks({"command": "a", "ignore": "["}), r"c\.validate\[0\]\.ignore: \[ is not a regular expression"),
    (checks({"command": "a", "output": "a"}), r"c\.validate\[0\]\.output: expected a named group message"),
    (checks({"command": "a", "output": "(?P<message>.)(?P<row>.)"}),
     r"c\.validate\[0\]\.output: no part of a finding is called row"),
    (checks({"command": "a", "within": "x"}), r"c\.validate\[0\]\.within: expected a time such as"),
    (checks({"command": "a", "within": 0}), r"c\.validate\[0\]\.within: expected a time above 0"),
    ({"validate": {"command": "a"}}, r"c\.validate: expected a list"),
    ({"action": "exec", "command": "c a", **checks({"command": "a"})}, r"c\.validate: an exec has no use for validate"),
]


@pytest.mark.parametrize(("entry", "said"), REFUSED)
def test_what_may_not_be(entry, said):
    with pytest.raises(PlanError, match=rf"^s\.{said}"):
        parse(entry)


def test_every_key_has_a_value_that_is_refused():
    """Of some any value of the right type is fine; their types are refused in test_containers.py."""
    anything = {"image", "user", "group_add", "log_tag", "tty", "interactive", "privileged", "start_order", "detach",
                "config_volume", "env_file", "depends_on", "systemd_exec_flags", "action"}
    assert set(KEYS) - anything <= {key for entry, _ in REFUSED for key in entry}
