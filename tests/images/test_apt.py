"""The archive that images are made from: apt's files in, the images' sources out."""

from pathlib import Path

import pytest

from treadle.errors import InputError
from treadle.images import apt
from treadle.images.apt import AptSource

KEY = "/usr/share/keyrings/debian-archive-keyring.gpg"

LISTS = {
    "plain": ("deb http://mirror.example/debian bookworm main contrib\n",
              [AptSource("http://mirror.example/debian", "bookworm", ("main", "contrib"))]),
    "options": ("deb [arch=amd64 signed-by=/etc/apt/keyrings/own.gpg] https://mirror.example/debian bookworm main",
                [AptSource("https://mirror.example/debian", "bookworm", ("main",),
                           {"arch": "amd64", "signed-by": "/etc/apt/keyrings/own.gpg"})]),
    "comments and sources": ("# deb http://old.example/debian bookworm main\n"
                             "deb-src http://mirror.example/debian bookworm main\n\n"
                             "deb http://mirror.example/debian bookworm main # ours\n",
                             [AptSource("http://mirror.example/debian", "bookworm", ("main",))]),
    "flat repository": ("deb http://mirror.example/own ./\n", [AptSource("http://mirror.example/own", "./", ())]),
    "empty": ("", []),
}

STANZAS = {
    "two suites": (f"Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\n"
                   f"Components: main\nSigned-By: {KEY}\n",
                   [AptSource("http://mirror.example/debian", suite, ("main",), {"signed-by": KEY})
                    for suite in ("bookworm", "bookworm-updates")]),
    "continuation, comment and case": ("types: deb deb-src\nURIs:\n http://a.example/debian\n"
                                       "# not this one\n http://b.example/debian\n"
                                       "Suites: bookworm\nComponents: main\n",
                                       [AptSource(f"http://{host}.example/debian", "bookworm", ("main",))
                                        for host in "ab"]),
    "disabled": ("Enabled: no\nTypes: deb\nURIs: http://a.example/debian\nSuites: bookworm\nComponents: main\n", []),
    "only sources": ("Types: deb-src\nURIs: http://a.example/debian\nSuites: bookworm\nComponents: main\n", []),
    "two stanzas": ("Types: deb\nURIs: http://a.example/debian\nSuites: bookworm\nComponents: main\n\n"
                    "Types: deb\nURIs: http://b.example/security\nSuites: bookworm-security\nComponents: main\n"
                    "Trusted: yes\n",
                    [AptSource("http://a.example/debian", "bookworm", ("main",)),
                     AptSource("http://b.example/security", "bookworm-security", ("main",), {"trusted": "yes"})]),
}


@pytest.mark.parametrize("text, expected", LISTS.values(), ids=LISTS)
def test_one_line_sources(text: str, expected: list[AptSource]) -> None:
    assert apt.parse_list(text) == expected


@pytest.mark.parametrize("text, expected", STANZAS.values(), ids=STANZAS)
def test_deb822_sources(text: str, expected: list[AptSource]) -> None:
    assert apt.parse_deb822(text) == expected


def source(uri: str, suite: str, *components: str) -> AptSource:
    return AptSource(uri, suite, components or ("main",))


SWITCHED = {
    "suites are switched": (
        [source("http://m.example/debian/", "bookworm", "main", "contrib"),
         source("http://m.example/debian", "bookworm-updates"), source("http://s.example/x", "bookworm-security")],
        [("http://m.example/debian", "trixie"), ("http://m.example/debian", "trixie-updates"),
         ("http://s.example/x", "trixie-security")]),
    "the release comes first": (
        [source("http://s.example/x", "bookworm-security"), source("http://m.example/debian", "bookworm")],
        [("http://m.example/debian", "trixie"), ("http://s.example/x", "trixie-security")]),
    "by the name stable": ([source("https://m.example/debian", "stable")], [("https://m.example/debian", "trixie")]),
    "others are left out": (
        [source("http://m.example/debian", "bookworm"), source("http://m.example/debian", "bookworm-backports"),
         source("https://other.example/apt", "nodistro"),
         source("http://m.example/debian", "bookworm-updates", "contrib"),
         source("file:/srv/debian", "bookworm"), source("cdrom:[x]", "bookworm")],
        [("http://m.example/debian", "trixie")]),
    "each once": ([source("http://m.example/debian", "bookworm"), source("http://m.example/debian/", "bookworm")],
                  [("http://m.example/debian", "trixie")]),
}


@pytest.mark.parametrize("sources, expected", SWITCHED.values(), ids=SWITCHED)
def test_sources_for_another_release(sources: list[AptSource], expected: list[tuple[str, str]]) -> None:
    found = apt.sources_for("trixie", sources, "bookworm")
    assert [(s.uri, s.suite) for s in found] == expected
    assert {s.components for s in found} == {("main",)}


@pytest.mark.parametrize("sources", [[], [source("http://s.example/x", "bookworm-security")],
                                     [source("file:/srv/debian", "bookworm")]])
def test_no_usable_archive_is_refused_with_a_remedy(sources: list[AptSource], tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        apt.sources_for("trixie", sources, "bookworm", tmp_path)
    assert str(tmp_path) in str(caught.value) and "sources.list" in caught.value.hint


def test_both_forms_are_read_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://a.example/debian bookworm main\n")
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (parts / "b.sources").write_text(STANZAS["two suites"][0])
    (parts / "c.list.save").write_text("deb http://old.example/debian bookworm main\n")
    assert [s.uri for s in apt.read_sources(tmp_path)] == ["http://a.example/debian"] + \
        ["http://mirror.example/debian"] * 2


def test_written_sources_read_back_the_same() -> None:
    sources = [AptSource("http://m.example/debian", "trixie", ("main",), {"signed-by": KEY}),
               AptSource("http://own.example/debian", "trixie-updates", ("main",), {"trusted": "yes"})]
    assert apt.parse_deb822(apt.to_deb822(sources)) == sources


def test_proxy_reaches_the_build_by_environment_and_not_the_image() -> None:
    settings = apt.parse_settings('Acquire "";\nAcquire::http::Proxy "http://user:word@proxy.example:3128";\n'
                                  'Acquire::https::Proxy "DIRECT";\nAcquire::Check-Valid-Until "false";\n')
    assert settings.environment({}) == {"http_proxy": "http://user:word@proxy.example:3128"}
    assert settings.environment({"http_proxy": "http://mine.example"}) == {}
    assert settings.environment({"HTTP_PROXY": "http://mine.example"}) == {}
    assert settings.conf() == 'Acquire::Check-Valid-Until "false";\n'


def test_running_release(tmp_path: Path) -> None:
    file = tmp_path / "os-release"
    file.write_text('NAME="Debian GNU/Linux"\nVERSION_CODENAME=bookworm\n')
    assert apt.running_release(file) == "bookworm"
