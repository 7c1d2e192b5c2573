"""Who approved what, whose word counts, and what is said where something is missing; with real git and real keys."""

import subprocess

import pytest

from treadle.errors import HistoryError
from treadle.history import GOOD, History, NodeSnapshot, Repository, Vault
from treadle.history.approvals import Approvals, Policy, read_policy, write_policy

AUTHOR = "alice@here"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return Repository(tmp_path / "history.git")


@pytest.fixture
def history(tmp_path, repository):
    return History(repository, Vault(tmp_path / "vault.json", b"k" * 32))


def recorded(history, content, author=AUTHOR):
    """A generation whose tree is its content's."""
    return history.record({"n": NodeSnapshot({}, {"plan.json": content.encode()})}, {}, author=f"{author} <{author}>",
                          message=f"{content}\n\nJournal: {'0' * 64}")


@pytest.fixture
def clock(monkeypatch):
    """Decisions are a second apart, as long as nothing else is wanted."""
    def at(seconds):
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"{1_700_000_000 + seconds} +0000")
    at(0)
    return at


def say(approvals, clock, generation, *words):
    """``+bob`` approves, ``-bob`` rejects, ``~bob`` withdraws; one after the other."""
    for second, word in enumerate(words):
        clock(second)
        if word[0] == "~":
            assert approvals.withdraw(generation, word[1:])
        else:
            approvals.decide(generation, approved=word[0] == "+", who=word[1:], message=f"says {word}")


def allowed(approvals, generation):
    try:
        approvals.require(generation)
    except HistoryError:
        return False
    return True


@pytest.mark.parametrize(("words", "policy", "shown", "may"), [
    ([], 0, "0", True),
    ([], 1, "0 of 1", False),
    (["+bob"], 1, "1 of 1", True),
    (["+bob"], 2, "1 of 2", False),
    (["+bob", "+bob"], 2, "1 of 2", False),
    (["+bob", "+carol"], 2, "2 of 2", True),
    ([f"+{AUTHOR}"], 1, "0 of 1", False),
    ([f"+{AUTHOR}", "+bob"], 1, "1 of 1", True),
    (["-bob"], 0, "0, rejected by bob", False),
    (["+carol", "-bob"], 1, "1 of 1, rejected by bob", False),
    (["-bob", "+bob"], 1, "1 of 1", True),
    (["+bob", "-bob"], 1, "0 of 1, rejected by bob", False),
    (["-bob", "~bob"], 0, "0", True),
    (["-bob", "~bob"], 1, "0 of 1", False),
    (["-bob", "+carol"], 1, "1 of 1, rejected by bob", False),
    ([f"-{AUTHOR}"], 0, f"0, rejected by {AUTHOR}", False),
    (["+Bob the Builder", "+b..ö~^:?*[\\.lock", "+.b."], 3, "3 of 3", True),
])
def test_whose_word_counts(history, clock, words, policy, shown, may):
    generation = recorded(history, "a")
    approvals = Approvals(history.repository, Policy(policy))
    say(approvals, clock, generation, *words)
    assert str(approvals.standing(generation)) == shown and allowed(approvals, generation) is may


def test_a_decision_says_who_when_and_why(history, clock):
    generation = recorded(history, "a")
    approvals = Approvals(history.repository, Policy())
    clock(7)
    approvals.decide(generation, approved=True, who="bob@there", message="# looked at it\n\nall three nodes")
    [decision] = approvals.decisions(generation)
    assert (decision.who, decision.when, decision.approved, decision.message, decision.generation) == (
        "bob@there", 1_700_000_007, True, "# looked at it\n\nall three nodes", generation.id)
    assert decision.signature == "not signed"


def test_another_generation_with_the_same_tree_counts_and_one_with_another_does_not(history, clock):
    first, second = recorded(history, "a"), recorded(history, "b")
    third = recorded(history, "a", author="bob")
    approvals = Approvals(history.repository, Policy(1))
    assert third.tree == first.tree and third.id != first.id
    say(approvals, clock, first, "+carol")
    assert allowed(approvals, first) and allowed(approvals, third) and not allowed(approvals, second)
    say(approvals, clock, second, "+bob")
    assert allowed(approvals, second)
    approvals = Approvals(history.repository, Policy(2))
    say(approvals, clock, first, "+carol", "+bob")
    assert allowed(approvals, first) and not allowed(approvals, third), "the third is bob's own"
    clock(9)
    approvals.decide(third, approved=False, who="carol", message="not again")
    assert not allowed(approvals, first)
    assert approvals.withdraw(first, "carol") and not approvals.withdraw(first, "carol")
    assert not any(decision.who == "carol" for decision in approvals.decisions(third))


@pytest.mark.usefixtures("clock")
def test_of_two_words_in_one_second_the_rejection_holds(history):
    first = recorded(history, "a")
    recorded(history, "b")
    again = recorded(history, "a")
    approvals = Approvals(history.repository, Policy(1))
    approvals.decide(first, approved=False, who="bob", message="no")
    approvals.decide(again, approved=True, who="bob", message="")
    assert str(approvals.standing(again)) == "0 of 1, rejected by bob"


def test_what_ran_last_everywhere_needs_no_approval_but_may_be_rejected(history, clock):
    first = recorded(history, "a")
    recorded(history, "b")
    again = recorded(history, "a")
    approvals = Approvals(history.repository, Policy(1))
    assert not allowed(approvals, again)
    history.repository.point(GOOD, first.id)
    assert allowed(approvals, again) and str(approvals.standing(again)) == "0 of 1"
    say(approvals, clock, again, "-bob")
    assert not allowed(approvals, again)


def test_what_is_missing_and_what_to_type(history, clock):
    generation = recorded(history, "a")
    approvals = Approvals(history.repository, Policy(2))
    say(approvals, clock, generation, "+bob")
    with pytest.raises(HistoryError) as caught:
        approvals.require(generation)
    assert str(caught.value) == (
        f"generation {generation.short} needs 2 approvals of others than its author {AUTHOR}, and has 1 (bob)\n"
        f"  each of them: openstack overcloud config approve {generation.short}")
    say(approvals, clock, generation, "-bob")
    with pytest.raises(HistoryError, match=rf"was rejected by bob: says -bob\n .*reject --withdraw {generation.short}"):
        approvals.require(generation)


def test_a_tag_that_was_renamed_or_has_no_author_decides_nothing(history, clock):
    generation = recorded(history, "a")
    approvals = Approvals(history.repository, Policy())
    say(approvals, clock, generation, "-bob")
    [ref] = history.repository.refs("refs/tags/")
    object_id = history.repository.resolve(ref)
    history.repository.run("update-ref", ref.replace("rejected", "approved").replace("bob", "carol"), object_id)
    history.repository.run("update-ref", "refs/tags/approved/x/y", generation.id)
    assert [(d.who, d.approved) for d in approvals.decisions(generation)] == [("bob", False)]


# Signed

def key(folder, name):
    """A new SSH key; gives its public half's file."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name], check=True)
    return folder / f"{name}.pub"


@pytest.fixture
def signing(tmp_path):
    """Sets git up to sign with a key; those of ``known`` are the ones that git knows."""
    def use(name, *known, sign=True):
        for each in {name, *known}:
            if not (tmp_path / each).exists():
                key(tmp_path, each)
        signers = tmp_path / "signers"
        signers.write_text("".join(f"{each}@example.com {(tmp_path / each).with_suffix('.pub').read_text()}"
                                   for each in known))
        (tmp_path / "gitconfig").write_text(
            f"[gpg]\nformat = ssh\n[gpg \"ssh\"]\nallowedSignersFile = {signers}\n[tag]\ngpgSign = {sign}\n"
            f"[user]\nsigningkey = {tmp_path / name}.pub\n")
    return use


def test_only_signatures_of_known_keys_count_where_the_policy_wants_signed_ones(history, clock, signing):
    generation = recorded(history, "a")
    approvals = Approvals(history.repository, Policy(1, signed=True))
    signing("bob", "bob", sign=False)
    say(approvals, clock, generation, "+bob")
    assert not allowed(approvals, generation)
    signing("mallory", "bob")
    say(approvals, clock, generation, "+bob")
    [decision] = approvals.decisions(generation)
    assert decision.signature.startswith("signed, but not by a known key: ") and not allowed(approvals, generation)
    with pytest.raises(HistoryError, match="needs 1 signed approvals of others"):
        approvals.require(generation)
    signing("bob", "bob")
    say(approvals, clock, generation, "+bob")
    [decision] = approvals.decisions(generation)
    assert decision.signature == "signed by bob@example.com" and decision.signer.startswith("SHA256:")
    assert decision.message == "says +bob" and allowed(approvals, generation)


def test_one_key_counts_once_whatever_names_it_signs_under(history, clock, signing):
    generation = recorded(history, "a")
    approvals = Approvals(history.repository, Policy(2, signed=True))
    signing("bob", "bob", "carol")
    say(approvals, clock, generation, "+bob", "+robert")
    assert str(approvals.standing(generation)) == "1 of 2"
    signing("carol", "bob", "carol")
    say(approvals, clock, generation, "+carol")
    assert allowed(approvals, generation)


def test_an_approval_without_a_good_signature_takes_no_rejection_back(history, clock, signing):
    first = recorded(history, "a")
    recorded(history, "b")
    again = recorded(history, "a")
    approvals = Approvals(history.repository, Policy(0, signed=True))
    say(approvals, clock, first, "-bob")
    clock(5)
    approvals.decide(again, approved=True, who="bob", message="")
    assert not allowed(approvals, again)
    signing("bob", "bob")
    clock(6)
    approvals.decide(again, approved=True, who="bob", message="")
    assert allowed(approvals, again) and allowed(approvals, first)


def test_a_changed_signed_tag_is_no_approval(history, clock, signing):
    generation = recorded(history, "a")
    approvals = Approvals(history.repository, Policy(1, signed=True))
    signing("bob", "bob")
    say(approvals, clock, generation, "+bob")
    [ref] = history.repository.refs("refs/tags/")
    other = recorded(history, "b")
    forged = history.repository.run("cat-file", "tag", ref).replace(generation.id.encode(), other.id.encode())
    made = history.repository.run("hash-object", "-t", "tag", "-w", "--stdin", given=forged).decode().strip()
    history.repository.run("update-ref", ref, made)
    assert not allowed(approvals, other) and "not by a known key" in approvals.decisions(other)[0].signature


def test_a_key_that_is_missing_is_told_and_nothing_is_decided(history, clock, signing, tmp_path):
    generation = recorded(history, "a")
    approvals = Approvals(history.repository, Policy())
    signing("bob", "bob")
    say(approvals, clock, generation, "+bob")
    before = approvals.decisions(generation)
    (tmp_path / "bob").unlink()
    (tmp_path / "bob.pub").unlink()
    for who in ("bob", "carol"):
        with pytest.raises(HistoryError, match=f"make the tag rejected/.*/{who}: .*public key(.|\n)*signingkey"):
            approvals.decide(generation, approved=False, who=who, message="")
        with pytest.raises(HistoryError, match=f"git could not make the tag approved/.*/{who}: "):
            approvals.decide(generation, approved=True, who=who, message="other words")
    assert approvals.decisions(generation) == before


def test_the_policy_is_kept(tmp_path):
    assert read_policy(tmp_path / "policy.json") == Policy(0, signed=False)
    write_policy(tmp_path / "policy.json", Policy(2, signed=True))
    assert read_policy(tmp_path / "policy.json") == Policy(2, signed=True)


def test_approving_goes_on_beside_a_lock_that_a_killed_git_left(history, clock):
    generation = recorded(history, "a")
    history.repository.run("tag", "v", generation.id)
    for left in ("packed-refs.lock", "refs/tags/v.lock"):
        (history.repository.path / left).write_text("")
    approvals = Approvals(history.repository, Policy())
    say(approvals, clock, generation, "+bob", "-bob")
    assert not list(history.repository.path.rglob("v.lock"))
