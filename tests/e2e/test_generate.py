"""Config volumes from a warm Puppet are those of `puppet apply`; containers that hang, die or stumble end well."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from benchmarks.generate import project_plan

from tests.e2e.cloud import PROJECT
from tests.e2e.engine import PrivateEngine
from treadle.engine import TRANSIENT, Engine
from treadle.events import Event, Events
from treadle.generate import Job, PuppetEtc, Result, Workshop, from_layers
from treadle.generate.warm import COMPILED
from treadle.plan.nodeplan import PuppetConfig

MODULES = PROJECT / "puppet/modules"
IMAGE = "treadle/memcached:2025.1"
OTHER = "treadle/haproxy:2025.1"
HANGS = PuppetConfig("hangs", "exec { '/bin/sleep 600': timeout => 0 }", IMAGE, ("exec",))
WRITES = PuppetConfig("writes", "file { '/etc/made': content => lookup('text') }", IMAGE)


class Shop:
    """A workshop that remembers what happened."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.engine = folder, Engine(url)
        self.heard: list[Event] = []
        self.listeners: list[Callable[[Event], None]] = [self.heard.append]
        self.etc = from_layers({"all": {"text": "here"}}, ["all"])

    def run(self, configs: Sequence[PuppetConfig], etc: PuppetEtc | None = None,
            mask: Callable[[str], str] | None = None, **fields: object) -> dict[str, Result]:
        shop = Workshop(self.engine, Events(*self.listeners, mask=mask), self.folder / "jobs", MODULES, "generate",
                        "node-0", workers=2, **fields)  # type: ignore[arg-type]
        results = shop.run([Job(config) for config in configs], etc or self.etc)
        assert not self.engine.containers({TRANSIENT: "puppet"}), "transient containers were left"
        return {result.job.config.volume: result for result in results}

    def said(self, kind: str) -> list[str]:
        return [event.text for event in self.heard if event.kind == kind]


@pytest.fixture
def shop(tmp_path: Path, engine: PrivateEngine) -> Shop:
    return Shop(tmp_path, engine.url)


def altered(engine: PrivateEngine, name: str, script: str) -> str:
    """An image in which ``script`` was run before."""
    engine.docker("run", "--name", name, "--network", "none", "--user", "root", "--entrypoint", "sh", IMAGE, "-c",
                  script)
    engine.docker("commit", name, f"treadle/{name}:e2e")
    engine.docker("rm", name)
    return f"treadle/{name}:e2e"


def test_a_warm_puppet_makes_every_volume_of_the_cloud_as_puppet_apply_does(shop: Shop) -> None:
    plan = project_plan()
    etc = from_layers({**plan.hieradata, "config_step": {"step": 6}}, plan.hierarchy)
    warm = shop.run(plan.puppet_configs, etc)
    assert shop.said("generate.plain") == [], "not every volume came from the warm Puppet"
    cold = shop.run(plan.puppet_configs, etc, warm=False)
    assert len(warm) >= 5 and all(result.ok for result in warm.values()), [r.errors for r in warm.values()]
    for volume, result in warm.items():
        assert result.tree == cold[volume].tree, f"{volume} differs"
        assert result.asked == cold[volume].asked and result.asked, f"{volume} looked up other keys"
        assert result.exit_code == cold[volume].exit_code


READS = r"""
$ways = {
  'variable'           => $root_home,
  'qualified variable' => $::service_provider,
  'of facts'           => $facts['puppet_vardir'],
  'bare word'          => $facts[os_workers],
  'computed'           => $facts["root_${'home'}"],
  'added'              => ({} + $facts)['service_provider'],
  'whole'              => $facts.filter |$name, $value| { $name =~ /^(root_home|os|ip6?tables_version|is_pe)$/ },
  'names'              => $facts.keys.sort,
  'dotted'             => getvar('facts.root_home'),
  'function'           => fact('service_provider'),
  'defined'            => [defined('$root_home'), defined('$no_such_fact')],
  'found nothing'      => [defined('$iptables_version'), defined('$::pe_version'), $facts['pe_major_version'],
                           inline_template('<%= @pe_minor_version.inspect %> <%= @is_pe.inspect %>')],
  'hiera'              => lookup('spoken'),
  'hiera in a list'    => lookup('listed'),
  'erb'                => inline_template('<%= @root_home %> <%= @facts["os_workers"] %> <%= scope["os_workers"] %>'),
  'erb, unnamed'       => inline_template('<%= instance_variable_get("@root_" + "home") %>'),
  'epp'                => inline_epp('<%= $facts["root_home"] %> <%= $service_provider %>'),
  'no such'            => [$facts['no_such_fact'], inline_template('<%= @no_such_fact.inspect %>')],
  'from a container'   => [$facts['hostname'], $facts['networking']['hostname'], $deployment_type],
}
file { '/etc/said': content => to_json_pretty($ways) }
"""


def test_facts_that_wait_until_somebody_asks_are_those_of_puppet_apply(shop: Shop) -> None:
    shop.etc = from_layers({"all": {"spoken": "%{facts.root_home} %{service_provider} %{facts.os.family}",
                                    "listed": ["%{lookup('spoken')}", {"home": "%{::root_home}"}]}}, ["all"])
    configs = [PuppetConfig(name, READS, IMAGE) for name in ("one", "two")]
    warm, cold = shop.run(configs), shop.run(configs, warm=False)
    assert shop.said("generate.plain") == []
    said = [json.loads(tree.files["etc/said"].content) for done in (warm, cold) for result in done.values()
            if (tree := result.tree)]
    assert len(said) == 4 and said[0]["erb"].startswith("/root "), warm["one"].errors
    for way, value in said[2].items():
        assert [other[way] for other in said] == [value] * 4, way


# Other resources write the file between the options, one of them without a change of its size.
SHARED = r"""
file { '/etc/keystone': ensure => directory }
-> file { '/etc/keystone/keystone.conf': content => "[DEFAULT]\ndebug = one\n[cache]\nenabled = yes\n" }
-> keystone_config { 'DEFAULT/debug': value => 'two' }
-> file_line { 'debug': path => '/etc/keystone/keystone.conf', line => 'debug = six', match => '^debug' }
-> keystone_config { 'cache/enabled': ensure => absent }
-> keystone_config { 'cache/backend': value => 'x' }
-> exec { '/bin/sed -i "s/debug = six/debug = ten/" /etc/keystone/keystone.conf': }
-> keystone_config { 'token/list': value => ['a', 'b'] }
-> keystone_config { 'token/absent': value => '<SERVICE DEFAULT>' }
"""
SHARED_MADE = b"[DEFAULT]\ndebug = ten\n[cache]\nbackend=x\n[token]\nlist=a\nlist=b\n"


def test_an_option_file_that_others_write_too_is_read_again(shop: Shop) -> None:
    configs = [PuppetConfig(name, SHARED, IMAGE, ("keystone_config", "exec")) for name in ("one", "two")]
    warm, cold = shop.run(configs), shop.run(configs, warm=False)
    made = [tree.files["etc/keystone/keystone.conf"].content for done in (warm, cold) for result in done.values()
            if (tree := result.tree)]
    assert made == [SHARED_MADE] * 4, [result.errors for result in warm.values()]
    assert shop.said("generate.plain") == []


# The message names the line.
COMMENTED = r"""# several lines
# of a comment,
  # indented
$text = @(END) # at the head of a heredoc
  # text and no comment
  # of two lines
  | END
file { '/etc/made': content => $text } # after code
# before code

# before and behind an empty line
include no::such::thing
"""
ENDINGS = {
    0: "notice('nothing to do')",
    1: COMMENTED,
    2: "file { '/etc/made': content => 'x' }",
    4: "file { '/etc/no/such/folder/made': content => 'x' }",
    6: "file { '/etc/made': content => 'x' }\nfile { '/etc/no/such/folder/made': content => 'x' }",
}


def settled(result: Result) -> list[str]:
    """Puppet's error lines without the names of temporary files."""
    return [re.sub(r"made\d+-\d+-\w+\.lock", "made.lock", line) for line in result.errors]


def test_exit_codes_and_error_lines_are_those_of_puppet_apply(shop: Shop) -> None:
    configs = [PuppetConfig(f"v{code}", manifest, IMAGE) for code, manifest in ENDINGS.items()]
    warm, cold = shop.run(configs), shop.run(configs, warm=False)
    for code in ENDINGS:
        assert (warm[f"v{code}"].exit_code, cold[f"v{code}"].exit_code) == (code, code)
        assert warm[f"v{code}"].ok == (code in (0, 2))
        if not warm[f"v{code}"].ok:
            assert settled(warm[f"v{code}"]) == settled(cold[f"v{code}"])
    assert shop.said("generate.plain") == []


def test_nothing_of_one_volume_is_in_another(shop: Shop) -> None:
    """Neither files, nor what a manifest did to Puppet itself, nor tags."""
    one = PuppetConfig("one", "file { '/etc/one': content => 'x' }\nfile { '/etc/both': content => '1' }", IMAGE)
    two = PuppetConfig("two", "file { '/etc/two': content => 'x' }\nfile { '/etc/both': content => '2' }\n"
                       "exec { '/bin/touch /etc/executed': }", IMAGE)
    three = PuppetConfig("three", "exec { '/bin/touch /etc/executed': }", OTHER, ("exec",))
    done = shop.run([one, two, three])
    files = {volume: {path: entry.content for path, entry in result.tree.files.items() if entry.type == "file"}
             for volume, result in done.items() if result.tree}
    assert files == {"one": {"etc/one": b"x", "etc/both": b"1"}, "two": {"etc/two": b"x", "etc/both": b"2"},
                     "three": {"etc/executed": b""}}


def test_an_image_with_another_puppet_runs_its_own_and_says_why(shop: Shop, engine: PrivateEngine) -> None:
    other = altered(engine, "otherpuppet", "echo '# changed' >> /usr/lib/ruby/vendor_ruby/puppet/configurer.rb")
    done = shop.run([WRITES, PuppetConfig("second", "file { '/etc/made': content => 'y' }", IMAGE),
                     PuppetConfig("odd", WRITES.manifest, other)])
    assert all(result.ok and result.tree and "etc/made" in result.tree.files for result in done.values())
    assert shop.said("generate.plain") == [
        "config volume odd: a Puppet of its own: /usr/lib/ruby/vendor_ruby/puppet/configurer.rb is another"]


COMPILED_OR_NOT = """
require 'json'
require '/treadle/compiled.rb'
FOUND = Hash.new { |found, compiled| found[compiled] = [] }
RubyVM::InstructionSequence.singleton_class.prepend(Module.new do
  def load_iseq(path)
    super.tap { |found| FOUND[!found.nil?] << path }
  end
end)
require 'puppet'
puts JSON.dump([FOUND[true].size, FOUND[false]])
"""


VERSION = "/usr/lib/ruby/vendor_ruby/puppet/version.rb"


@pytest.mark.parametrize(("before", "left"), [
    ("true", []),
    (f"echo '# changed' >> {VERSION}", [VERSION]),
    (f"cd /usr/share/treadle/compiled; echo short > .{VERSION}; touch -r {VERSION} .{VERSION}", [VERSION]),
], ids=["as it is", "another source", "compiled by another Ruby"])
def test_what_puppet_loads_is_compiled_in_the_image(engine: PrivateEngine, before: str, left: list[str]) -> None:
    said = engine.docker("run", "--rm", "-i", "--network", "none", "--user", "root", "--entrypoint", "sh", "--volume",
                         f"{COMPILED}:/treadle/compiled.rb:ro", IMAGE, "-c", f"{before}; exec ruby -",
                         given=COMPILED_OR_NOT.encode()).stdout
    taken, others = json.loads(said)
    assert taken > 300
    assert [path for path in others if path.startswith("/usr/lib/ruby/vendor_ruby/")] == left


PARSED_OR_NOT = """
require 'json'
require 'puppet'
require '/treadle/warm_parsed.rb'
Puppet.initialize_settings([])
parser = Puppet::Pops::Parser::EvaluatingParser.new
found = Dir.glob('/usr/share/puppet/modules/{apache,keystone}/manifests/**/*.pp').group_by do |path|
  ready = Parsed.ready(path)
  ready.nil? ? 'not there' : ready == parser.parse_file(path)
end
puts JSON.dump([found[true].size, found[false], found['not there']])
"""
MANIFEST = "/usr/share/puppet/modules/keystone/manifests/init.pp"


@pytest.mark.parametrize(("before", "left"), [
    ("true", None),
    (f"echo '# changed' >> {MANIFEST}", [MANIFEST]),
    (f"cd /usr/share/treadle/parsed/*/; echo short > .{MANIFEST}; touch -r {MANIFEST} .{MANIFEST}", [MANIFEST]),
], ids=["as it is", "another source", "damaged"])
def test_manifests_are_parsed_in_the_image(engine: PrivateEngine, before: str, left: list[str] | None) -> None:
    said = engine.docker("run", "--rm", "-i", "--network", "none", "--user", "root", "--entrypoint", "sh", "--volume",
                         f"{COMPILED.with_name('warm_parsed.rb')}:/treadle/warm_parsed.rb:ro", IMAGE, "-c",
                         f"{before}; exec ruby -", given=PARSED_OR_NOT.encode()).stdout
    same, others, not_there = json.loads(said)
    assert same > 50
    assert (others, not_there) == (None, left)


def test_where_puppet_cannot_be_warmed_each_volume_runs_its_own(shop: Shop, engine: PrivateEngine) -> None:
    image = altered(engine, "coldpuppet", "echo 'raise LoadError, %q(only for puppet) if $0.include?(%q(warm))' >> "
                    "/usr/lib/ruby/vendor_ruby/puppet/configurer.rb")
    done = shop.run([PuppetConfig(name, WRITES.manifest, image) for name in ("one", "two")])
    assert all(result.ok for result in done.values()), [result.errors for result in done.values()]
    said = shop.said("generate.plain")
    assert len(said) == 2 and all("only for puppet" in text for text in said), said


@pytest.mark.parametrize(("kind", "text"), [("generate.output", "now"), ("generate.volume.begin", "slow")],
                         ids=["while it works", "before anybody can ask it"])
def test_a_warm_puppet_that_dies_costs_time_and_nothing_else(shop: Shop, engine: PrivateEngine, kind: str,
                                                             text: str) -> None:
    def kill(event: Event) -> None:
        if event.kind == kind and text in event.text:
            for container in shop.engine.containers({TRANSIENT: "puppet"}):
                if "-warm-" in container.engine_name:
                    engine.docker("kill", container.id, check=False)  # said twice, killed once

    shop.listeners.append(kill)
    slow = PuppetConfig("slow", "notify { 'now': } -> exec { '/bin/sleep 3': }\nfile { '/etc/made': content => 'x' }",
                        IMAGE, ("exec", "notify"))
    done = shop.run([slow, WRITES])
    assert all(result.ok and result.tree and "etc/made" in result.tree.files for result in done.values())
    assert "config volume slow: the warm Puppet died; a Puppet of its own" in shop.said("generate.plain")


# The second one has to do within its time what the first one never does.
@pytest.mark.parametrize(("configs", "limit"), [((HANGS,), 10.0), ((HANGS, WRITES), 45.0)], ids=["plain", "warm"])
def test_a_run_that_takes_too_long_is_ended_and_repeated_as_often_as_allowed(
        shop: Shop, configs: tuple[PuppetConfig, ...], limit: float) -> None:
    began = time.monotonic()
    done = shop.run(configs, time_limit=limit, retries=1)
    assert time.monotonic() - began < 200
    assert not done["hangs"].ok and f"ended after {limit:.0f} s" in done["hangs"].errors[-1]
    assert shop.said("generate.retry") == ["config volume hangs: it took too long; attempt 2 of 2"]
    assert all(result.ok for volume, result in done.items() if volume != "hangs")


def test_what_puppet_says_is_heard_while_it_runs(shop: Shop) -> None:
    config = PuppetConfig("talks", "notify { 'early': } -> exec { '/bin/sleep 4': }", IMAGE, ("exec", "notify"))
    for warm in (False, True):
        shop.heard.clear()
        shop.run([config, WRITES], warm=warm)
        moments = {event.kind if event.kind != "generate.output" else "early": event.time for event in shop.heard
                   if event.subject == "talks" and (event.kind == "generate.volume.end" or "early" in event.text)}
        assert moments["generate.volume.end"] - moments["early"] > 3, "it was heard when all was over"


def test_secrets_are_masked_in_what_puppet_says(shop: Shop) -> None:
    shop.run([PuppetConfig("v", "notify { 'the password is s3cret': }", IMAGE, ("notify",))],
             mask=lambda text: text.replace("s3cret", "@secret:P@"))
    said = shop.said("generate.output")
    assert any("@secret:P@" in text for text in said) and not any("s3cret" in text for text in said)


def test_an_engine_that_is_away_for_a_moment_is_asked_again(shop: Shop, engine: PrivateEngine) -> None:
    assert shop.engine.image_ids([IMAGE]), "a deploy has looked for its images before"
    engine.stop()
    back = threading.Timer(1.0, engine.start)
    back.start()
    try:
        assert shop.run([WRITES])["writes"].ok
    finally:
        back.join()
    assert any(re.search("does not answer.*once more", text) for text in shop.said("generate.retry"))


def test_files_that_are_mounted_from_the_machine_are_no_configuration(shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "ca.pem").write_text("x")
    config = PuppetConfig("v", WRITES.manifest, IMAGE, (),
                          (f"{folder}:/etc/machine keys:ro", f"{folder}/ca.pem:/etc/ca.pem"))
    changed = threading.Event()

    def touch(event: Event) -> None:
        if event.kind == "generate.output" and not changed.is_set():
            (folder / "ca.pem").write_text("new")
            changed.set()

    shop.listeners.append(touch)
    tree = shop.run([config])["v"].tree
    assert changed.is_set() and tree is not None and "etc/made" in tree.files
    assert not [path for path in tree.files if "ca.pem" in path or "machine keys" in path]
