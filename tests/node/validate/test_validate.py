"""The project's own cloud, validated in the services' images: nothing is wrong with it, and mistakes are found."""

import re
import time
from dataclasses import replace

import msgspec
import pytest
from benchmarks.generate import Way, generate, project_plan

from tests.support import Heard, node_plan, tree, with_file
from treadle.engine import STACK, Engine
from treadle.errors import EngineError
from treadle.generate import Job, from_layers
from treadle.node.validate import declaring, validate

pytestmark = pytest.mark.engine
STACK_NAME = "validate-tests"
MEMCACHED = "treadle/memcached:2025.1"


@pytest.fixture(scope="module")
def plan():
    return msgspec.structs.replace(project_plan(), stack=STACK_NAME)


@pytest.fixture(scope="module")
def trees(plan):
    etc = from_layers({**plan.hieradata, "config_step": {"step": 6}}, plan.hierarchy)
    return generate(Way("", 2, True), [Job(config) for config in plan.puppet_configs], etc, plan)


def found(plan, trees, folder, heard=None, **fields):
    """All that is found; nothing of it is left."""
    try:
        return validate(plan, trees, Engine(), (Heard() if heard is None else heard).events(), folder, **fields)
    finally:
        assert not Engine().containers({STACK: plan.stack})
        assert {path.name for path in folder.iterdir()} <= {"validated.json"}


def altered(trees, *changes):
    """The trees with pieces of text replaced: (volume, path, old, new)."""
    result = dict(trees)
    for volume, path, old, new in changes:
        content = result[volume].files[path].content
        assert content.count(old.encode()) >= 1, f"{path} has no {old}"
        result[volume] = with_file(result[volume], path, content=content.replace(old.encode(), new.encode(), 1))
    return result


def test_nothing_is_wrong_with_the_projects_own_cloud_and_it_is_asked_once(plan, trees, tmp_path):
    heard = Heard()
    assert found(plan, trees, tmp_path, heard) == []
    assert found(plan, trees, tmp_path, heard) == []
    number = len(declaring(plan))
    assert number > 15 and [event.text for event in heard if event.kind == "validate.plan"] == [
        f"{number} of {number} containers to validate", f"0 of {number} containers to validate"]
    assert (tmp_path / "validated.json").stat().st_mode & 0o777 == 0o600
    again = Heard()
    assert found(plan, altered(trees, ("haproxy", "etc/haproxy/haproxy.cfg", "maxconn  ", "maxconn  1")), tmp_path,
                 again) == []
    assert [event.subject for event in again if event.kind == "validate.container.begin"] == ["haproxy"]


KEYSTONE, CINDER = ("keystone", "etc/keystone/keystone.conf"), ("cinder_volume", "etc/cinder/cinder.conf")
SITE = ("keystone", "etc/apache2/sites-available/10-keystone_wsgi.conf")
#: (file, what stands there, what is written instead), (container, level, line that is told, message).
MISTAKES = [
    (*KEYSTONE, "expiration=3600", "expiration=soon\nexpiratoin=5\nrevocation_cache_time=5\ncache_on_issue=true", [
        ("keystone", "error", "expiration=soon", "[token] expiration: invalid literal for int() with base 10: 'soon'"),
        ("keystone", "error", "expiratoin=5", "[token] expiratoin: unknown option"),
        ("keystone", "warning", "revocation_cache_time=5",
         "[token] revocation_cache_time: deprecated name of [revoke] cache_time"),
        ("keystone", "warning", "cache_on_issue=true", "[token] cache_on_issue: deprecated for removal since ")]),
    (*KEYSTONE, "max_password_length=72", "max_password_length=4097", [
        ("keystone", "error", "max_password_length=4097", "[identity] max_password_length: Should be less than or equal"
         " to 4096")]),
    (*KEYSTONE, "[revoke]", "[revoek]\ncaching=true\n[revoke]\n[keystone_authtoken]\nauth_type=password\nusername=a\n"
     "usrname=a", [
         ("keystone", "error", "caching=true", "[revoek] caching: unknown option"),
         ("keystone", "error", "usrname=a", "[keystone_authtoken] usrname: unknown option")]),
    (*SITE, "ServerName ", "ServrName ", [
        ("keystone", "error", "  ServrName ", ": Invalid command 'ServrName', perhaps misspelled")]),
    ("keystone", "var/spool/cron/crontabs/keystone", "1 0 * * *", "1 77 * * *", [
        ("keystone_cron", "error", "", ": bad hour")]),
    (*CINDER, "reserved_percentage=0", "reserved_percentage=101\nfile_capacity_gbb=1\nvolume_clear=maybe\nsan_ip=a", [
        ("cinder_volume", "error", "reserved_percentage=101",
         "[treadle_file] reserved_percentage: Should be less than or equal to 100"),
        ("cinder_volume", "error", "file_capacity_gbb=1", "[treadle_file] file_capacity_gbb: unknown option"),
        ("cinder_volume", "error", "volume_clear=maybe", "[treadle_file] volume_clear: Valid values are ")]),
    (*CINDER, "debug=False", "debug=False\n[privsep_osbrick]\ncapabilities=\nhelper_comand=a\n[DEFAULT]", [
        ("cinder_volume", "error", "helper_comand=a", "[privsep_osbrick] helper_comand: unknown option")]),
    ("cinder", "etc/cinder/cinder.conf", "debug=False", "debug=False\nno assignment", [
        (name, "error", "no assignment", ": No ':' or '=' found in assignment")
        for name in ("cinder_api", "cinder_scheduler")]),
    ("haproxy", "etc/haproxy/haproxy.cfg", "  balance roundrobin", "  balence roundrobin", [
        ("haproxy", "error", "  balence roundrobin", ": unknown keyword 'balence' in 'listen' section; did you mean")]),
    ("mysql", "etc/mysql/my.cnf", "max_connections = 4096", "max-conections = 4096", [
        ("mysql", "error", "max-conections = 4096", "[mysqld] max-conections: mariadbd: unknown variable")]),
    ("rabbitmq", "etc/rabbitmq/rabbitmq.config", "{keepalive,     true}", "{keepalive,     true", [
        ("rabbitmq", "error", "    ]},", ": syntax error before: ']'")]),
]


@pytest.fixture(scope="module")
def mistakes(plan, trees, tmp_path_factory):
    """(the trees with every mistake, what was found)."""
    wrong = altered(trees, *(mistake[:4] for mistake in MISTAKES))
    return wrong, found(plan, wrong, tmp_path_factory.mktemp("mistakes"))


@pytest.mark.parametrize(("container", "level", "volume", "path", "text", "said"), [
    (container, level, volume, path, text, said) for volume, path, _, _, told in MISTAKES
    for container, level, text, said in told])
def test_a_mistake_is_found_with_its_file_and_line(mistakes, container, level, volume, path, text, said):
    wrong, findings = mistakes
    lines = wrong[volume].files[path].content.decode().splitlines()
    line = next((number for number, written in enumerate(lines, 1) if written.startswith(text)), 0) if text else 0
    place = f"{volume}/{path.replace('sites-available', 'sites-enabled')}{f':{line}' if line else ''}"
    mine = [str(finding) for finding in findings if (finding.container, finding.level) == (container, level)]
    assert any(re.match(rf"{re.escape(place)} ?{re.escape(said)}", one) for one in mine), "\n".join(mine)


def test_nothing_else_is_found(mistakes):
    assert len(mistakes[1]) == sum(len(told) for *_, told in MISTAKES), "\n".join(map(str, mistakes[1]))


def test_what_mariadb_corrects_by_itself_is_a_warning(plan, trees, tmp_path):
    wrong = altered(trees, ("mysql", "etc/mysql/my.cnf", "max_connections = 4096", "max_connections = 4096000"))
    one, = found(plan, wrong, tmp_path, services=["mysql"])
    assert one.level == "warning" and "adjusted to 100000" in one.message and one.option == "max_connections"


def test_a_driver_that_cannot_be_loaded_is_told_and_its_options_are_not(plan, trees, tmp_path):
    wrong = altered(trees, (*CINDER, "treadle_cinder.file.FileDriver", "no.such.Driver"))
    one, = found(plan, wrong, tmp_path, services=["cinder_volume"])
    assert (one.level, one.option) == ("warning", "volume_driver") and "no.such.Driver cannot be loaded" in one.message


def probe(*checks, image=MEMCACHED, **fields):
    """A plan of one container that validates a file which it mounts."""
    volumes = ["/var/lib/config-data/puppet-generated/probe/etc/a.conf:/etc/a.conf:ro"]
    entry = {"image": image, "volumes": volumes, "validate": list(checks), "user": "root"}
    return node_plan({1: {"probe": entry}}, stack=STACK_NAME, **fields)


PROBED = {"probe": tree("etc", **{"etc/a.conf": "[s]\npassword = hunter2-secret\n"})}
SHOWS = {"command": ["sh", "-c", "cat /etc/a.conf; exit 1"], "file": "/etc/a.conf"}


def test_secrets_in_what_a_checker_says_are_masked(tmp_path):
    one, = found(probe(SHOWS, secrets={"Probe": "hunter2-secret"}), PROBED, tmp_path)
    assert one.message == "the check ended with 1\n[s]\npassword = @secret:Probe@"
    assert not (tmp_path / "validated.json").exists()


def test_a_checker_that_hangs_ends_with_a_finding(tmp_path):
    began = time.monotonic()
    one, = found(probe({"command": ["sleep", "600"], "within": 2}), PROBED, tmp_path)
    assert (one.level, one.message) == ("error", "sleep 600 did not end within 2 s")
    assert time.monotonic() - began < 60


def test_a_checker_has_no_network(tmp_path):
    one, = found(probe({"command": ["sh", "-c", "ls /sys/class/net | grep -v lo && exit 0; exit 3"]}), PROBED, tmp_path)
    assert one.message == "the check ended with 3"


def test_an_image_without_oslo_config_is_told(tmp_path):
    one, = found(probe({"oslo": {"files": ["/etc/a.conf"]}}), PROBED, tmp_path)
    assert one.file == "probe/etc/a.conf" and "No module named 'oslo_config'" in one.message


def test_a_file_that_is_not_there_is_told(plan, trees, tmp_path):
    gone = {**trees, "keystone": replace(trees["keystone"], files={
        path: entry for path, entry in trees["keystone"].files.items() if path != "etc/keystone/keystone.conf"})}
    steps = {step: {name: msgspec.structs.replace(c, validate=[msgspec.structs.replace(
        c.validate[0], oslo=msgspec.structs.replace(c.validate[0].oslo, files=["/etc/keystone/none.conf"]))])
        for name, c in found.items() if name == "keystone"} for step, found in plan.docker_config.items()}
    one, = found(msgspec.structs.replace(plan, docker_config=steps), gone, tmp_path)
    assert (one.file, one.message) == ("/etc/keystone/none.conf", "cannot be read: No such file or directory")


def test_kolla_that_cannot_copy_is_told(plan, trees, tmp_path):
    wrong = {path: {**document, "config_files": [{"source": "/none", "dest": "/etc/none", "owner": "root",
                                                 "perm": "0600"}]} for path, document in plan.kolla_config.items()}
    one, = found(msgspec.structs.replace(plan, kolla_config=wrong), trees, tmp_path, services=["haproxy"])
    assert one.message == "Kolla cannot copy the configuration: MissingRequiredSource: /none file is not found"


def test_an_image_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(EngineError, match=r"node-0: probe.docker_config.probe: the engine has no image no/such:image"):
        found(probe(SHOWS, image="no/such:image"), PROBED, tmp_path)
