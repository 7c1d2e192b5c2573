"""What checkers write, as findings with a place in what was generated. The regular expressions are the services'."""


import pytest

from tests.services.everything import role_data
from tests.support import node_plan, tree
from treadle.node.validate.findings import Finding, Origins, Said, line_of, said_by
from treadle.plan.containers import parse_container

CNF = "/etc/mysql/my.cnf"
HAPROXY = "/etc/haproxy/haproxy.cfg"


def declared():
    """``{container: its check by a command}``, as the services' templates have them."""
    for data in role_data().values():
        for step in data.get("docker_config", {}).values():
            for name, entry in step.items():
                parsed = parse_container(name, {"image": "i", "validate": entry.get("validate")}, "s")
                yield from ((name, check) for check in parsed.validate if not check.oslo)


CHECKS = dict(declared())
ALERT = "[ALERT]    (8) : config : "
MARIADB = "2026-11-21 14:31:07 0 [ERROR] "

SAYS = [
    ("haproxy", 0, "[NOTICE]   (8) : haproxy version is 3.0.11\n", []),
    ("haproxy", 1, f"{ALERT}parsing [/a.cfg:7] : unknown keyword 'bnd' in 'listen' section; did you mean 'bind' ?\n"
     f"{ALERT}Error(s) found in configuration file : /a.cfg\n{ALERT}Fatal errors found in configuration.\n",
     [Said("error", "unknown keyword 'bnd' in 'listen' section; did you mean 'bind' ?", "/a.cfg", 7)]),
    ("haproxy", 0, "[WARNING]  (9) : config : missing timeouts for proxy 'x'.\n   | While not properly invalid\n",
     [Said("warning", "missing timeouts for proxy 'x'.", HAPROXY)]),
    ("haproxy", 1, f"{ALERT}[/a.cfg:5] : 'server x/a' : could not resolve address 'no.such.host'.\n"
     f"{ALERT}Failed to initialize server(s) addr.\n", []),
    ("haproxy", 1, "Fatal errors found in configuration.\n",
     [Said("error", "the check ended with 1\nFatal errors found in configuration.", HAPROXY)]),
    ("haproxy", 139, "", [Said("error", "the check ended with 139", HAPROXY)]),
    ("mysql", 0, "2026-11-21 14:31:08 0 [Warning] failed to retrieve the MAC address\n", []),
    ("mysql", 7, f"{MARIADB}mariadbd: unknown variable 'foo_bar=1'\n",
     [Said("error", "mariadbd: unknown variable 'foo_bar=1'", CNF, 0, "mysqld", "foo_bar")]),
    ("mysql", 9, f"{MARIADB}Buffered error: mariadbd: Error while setting value 'abc' to 'max_connections'\n",
     [Said("error", "mariadbd: Error while setting value 'abc' to 'max_connections'", CNF, 0, "mysqld",
           "max_connections")]),
    ("mysql", 9, f"{MARIADB}Buffered error: Unknown suffix 'a' used for variable 'max_connections' (value 'abc').\n",
     [Said("error", "Unknown suffix 'a' used for variable 'max_connections' (value 'abc').", CNF, 0, "mysqld",
           "max_connections")]),
    ("mysql", 5, f"{MARIADB}mariadbd: option '--max_connections' requires an argument\n",
     [Said("error", "mariadbd: option '--max_connections' requires an argument", CNF, 0, "mysqld", "max_connections")]),
    ("mysql", 0, "2026-11-21  9:31:07 0 [Warning] option 'skip_name_resolve': boolean value 'x' wasn't recognized.\n",
     [Said("warning", "option 'skip_name_resolve': boolean value 'x' wasn't recognized.", CNF, 0, "mysqld",
           "skip_name_resolve")]),
    ("mysql", 0, "2026-11-21 14:31:09 0 [Warning] 'innodb-log-files-in-group' was removed. It does nothing now.\n",
     [Said("warning", "'innodb-log-files-in-group' was removed. It does nothing now.", CNF, 0, "mysqld",
           "innodb-log-files-in-group")]),
    ("mysql", 0, "2026-11-21 14:31:09 0 [Warning] Could not open mysql.plugin table: \"Table 'mysql.plugin' doesn't "
     "exist\". Some options may be missing from the help text\n", []),
    ("mysql", 1, "error: Wrong group definition in config file: /tmp/my.cnf at line 3\nFatal error in defaults.\n",
     [Said("error", "Wrong group definition in config file: /tmp/my.cnf at line 3", "/tmp/my.cnf", 3)]),
    ("rabbitmq", 1, "2: syntax error before: '['\n",
     [Said("error", "syntax error before: '['", "/etc/rabbitmq/rabbitmq.config", 2)]),
    ("rabbitmq", 1, "no such file or directory\n",
     [Said("error", "the check ended with 1\nno such file or directory", "/etc/rabbitmq/rabbitmq.config")]),
    ("keystone", 0, "AH00558: apache2: Could not reliably determine the server's name\nSyntax OK\n", []),
    ("keystone", 1, "AH00526: Syntax error on line 7 of /etc/apache2/a.conf:\nInvalid command 'Foo', perhaps it is\n"
     "Action '-t' failed.\n", [Said("error", "Invalid command 'Foo', perhaps it is", "/etc/apache2/a.conf", 7)]),
    ("keystone", 1, "apache2: Syntax error on line 22 of /etc/apache2/apache2.conf: Syntax error on line 1 of "
     "/etc/apache2/b.load: Cannot load c.so into server\n",
     [Said("error", "Cannot load c.so into server", "/etc/apache2/b.load", 1)]),
    ("horizon", 0, "Syntax OK\n", []),
    ("horizon", 1, "AH00526: Syntax error on line 7 of /etc/apache2/a.conf:\nInvalid command 'Foo'\n",
     [Said("error", "Invalid command 'Foo'", "/etc/apache2/a.conf", 7)]),
    ("logrotate_crond", 0, "reading config file /etc/logrotate-crond.conf\n\nHandling 1 logs\n", []),
    ("logrotate_crond", 1, "warning: /c.conf:2 unknown option 'rotat' -- ignoring line\n"
     "error: /c.conf:3 unknown unit 'c'\n"
     "error: found error in /var/log/x, skipping\n",
     [Said("warning", "unknown option 'rotat' -- ignoring line", "/c.conf", 2),
      Said("error", "unknown unit 'c'", "/c.conf", 3)]),
    ("tls_proxy", 0, "[NOTICE]   (8) : haproxy version is 3.0.11\n", []),
    ("tls_proxy", 1, f"{ALERT}parsing [/a.cfg:9] : 'bind 192.0.2.1:5000' : unable to stat SSL certificate from file "
     "'/c.pem' : No such file or directory.\n",
     [Said("error", "'bind 192.0.2.1:5000' : unable to stat SSL certificate from file '/c.pem' : No such file or "
           "directory.", "/a.cfg", 9)]),
    ("keepalived", 0, "", []),
    ("keepalived", 5, "(/k.conf: Line 5) Unknown keyword 'interfac'\n",
     [Said("error", "Unknown keyword 'interfac'", "/k.conf", 5)]),
    ("keepalived", 5, "(/k.conf: Line 6) WARNING - interface eth9 for vrrp_instance a doesn't exist\n"
     "Non-existent interface specified in configuration\n", []),
    ("keystone_cron", 0, "The syntax of the crontab file was successfully checked.\n", []),
    ("keystone_cron", 1, '"/var/spool/cron/crontabs/keystone":1: bad hour\nerrors in crontab file, can\'t install.\n',
     [Said("error", "bad hour", "/var/spool/cron/crontabs/keystone")]),
]


@pytest.mark.parametrize(("service", "code", "output", "said"), SAYS)
def test_what_a_command_says(service, code, output, said):
    assert said_by(CHECKS[service], code, output) == said


def test_every_command_of_the_project_is_in_the_table():
    assert set(CHECKS) == {service for service, *_ in SAYS}


INI = """\
# expiration = 1
[token]
expiration = 5
Expiration = 6
  [other]
expiration: 7
[token]
expiration=8
max-connections
[empty]
"""


@pytest.mark.parametrize(("section", "option", "line"), [
    ("token", "expiration", 8), ("other", "expiration", 6), ("token", "Expiration", 4), ("empty", "expiration", 8),
    ("", "max_connections", 9), ("token", "no_such", 0), ("token", "# expiration", 0),
])
def test_the_line_of_an_option(section, option, line):
    assert line_of(INI, section, option) == line


def origins(*volumes, files=()):
    entry = {"image": "i", "volumes": [
        "/var/lib/kolla/config_files/a.json:/var/lib/kolla/config_files/config.json:ro", *volumes]}
    plan = node_plan({1: {"a": entry}}, kolla_config={"/var/lib/kolla/config_files/a.json": {"config_files": [
        {"source": "/var/lib/kolla/config_files/src/*", "dest": "/"}, *files]}})
    trees = {"a": tree(**{"etc/a.conf": "[s]\nx = 1\n", "etc/b/c.conf": "x"}), "other": tree(**{"etc/a.conf": "x"})}
    return Origins(plan, plan.docker_config[1]["a"], trees)


WHOLE = "/var/lib/config-data/puppet-generated/a/:/var/lib/kolla/config_files/src:ro"


@pytest.mark.parametrize(("volumes", "files", "path", "origin"), [
    ([WHOLE], [], "/etc/a.conf", ("a", "etc/a.conf")),
    ([WHOLE], [], "/etc/none.conf", None),
    ([WHOLE], [], "/var/lib/kolla/config_files/src/etc/b/c.conf", ("a", "etc/b/c.conf")),
    ([WHOLE], [{"source": "/var/lib/kolla/config_files/src/etc/a.conf", "dest": "/root/.a"}], "/root/.a",
     ("a", "etc/a.conf")),
    ([WHOLE], [{"source": "/var/lib/kolla/config_files/src/etc/b/c.conf", "dest": "/etc/d/"}], "/etc/d/c.conf",
     ("a", "etc/b/c.conf")),
    (["/var/lib/config-data/puppet-generated/a/etc/b:/etc/mine:ro"], [], "/etc/mine/c.conf", ("a", "etc/b/c.conf")),
    (["/var/lib/config-data/puppet-generated/other/etc/a.conf:/etc/a.conf:ro"], [], "/etc/a.conf",
     ("other", "etc/a.conf")),
    (["/srv/a:/etc:ro"], [], "/etc/a.conf", None),
])
def test_where_a_file_of_a_container_was_generated(volumes, files, path, origin):
    assert origins(*volumes, files=files).of(path) == origin


@pytest.mark.parametrize(("said", "place"), [
    (Said("error", "m", "/etc/a.conf", 9), ("a/etc/a.conf", 9)),
    (Said("error", "m", "/etc/a.conf", 0, "s", "x"), ("a/etc/a.conf", 2)),
    (Said("error", "m", "/etc/a.conf", 0, "s", "y"), ("a/etc/a.conf", 0)),
    (Said("error", "m", "/etc/of_the_image.conf", 4), ("/etc/of_the_image.conf", 4)),
    (Said("error", "m"), ("", 0)),
])
def test_the_place_of_what_is_said(said, place):
    assert origins(WHOLE).place(said) == place


@pytest.mark.parametrize(("fields", "text"), [
    (("a/b.conf", 3, "s", "x", "wrong"), "a/b.conf:3 [s] x: wrong"),
    (("a/b.conf", 3, "", "", "wrong"), "a/b.conf:3: wrong"),
    (("a/b.conf", 0, "", "x", "wrong"), "a/b.conf x: wrong"), (("", 0, "", "", "wrong"), "c: wrong"),
])
def test_a_finding_as_a_person_reads_it(fields, text):
    assert str(Finding("n", "s", "c", "error", *fields)) == text
