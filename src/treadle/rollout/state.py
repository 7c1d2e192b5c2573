"""What the deployer keeps of a stack: passwords, history, lock, journal. One folder, its owner's alone."""

from __future__ import annotations

import getpass
import json
import os
import secrets as random
import shutil
import socket
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from treadle.errors import InputError
from treadle.events import Event
from treadle.files import read_document, write_private
from treadle.history import History, Repository, Vault
from treadle.history.approvals import Approvals, read_policy
from treadle.node.held import Held
from treadle.plan.nodeplan import NodePlan
from treadle.plan.nodes import Node
from treadle.plan.passwords import complete
from treadle.rollout import journal, keptplans
from treadle.store import Store

if TYPE_CHECKING:
    from treadle.rollout.random_strings import RandomStrings

#: Keyed digests need one more secret than the templates know.
FINGERPRINT_KEY = "TreadleFingerprintKey"


def default_folder() -> Path:
    """``$TREADLE_STATE``, else /var/lib/treadle for root and ~/.local/state/treadle for others."""
    given = os.environ.get("TREADLE_STATE")
    if given:
        return Path(given)
    return Path("/var/lib/treadle") if os.geteuid() == 0 else Path.home() / ".local/state/treadle"


def shared_journal(folder: Path) -> Path:
    """Where the deployer whose state is in ``folder`` notes what changes no stack in particular."""
    return folder / "journal.jsonl"


@dataclass(frozen=True)
class StackState:
    """The folder of one stack below the deployer's state folder."""

    folder: Path
    stack: str

    @property
    def path(self) -> Path:
        return self.folder / self.stack

    @property
    def history(self) -> Path:
        return self.path / "history.git"

    def generations(self) -> History:
        """The stack's generations. Raises InputError where the stack has no passwords yet, and so no generation."""
        key = _load_passwords(self.passwords_file).get(FINGERPRINT_KEY)
        if not key:
            raise self._unknown()
        return History(Repository(self.history), Vault(self.path / "vault.json", bytes.fromhex(key)))

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def journal(self) -> Path:
        return self.path / "journal.jsonl"

    @property
    def shared_journal(self) -> Path:
        """Of what changes no stack in particular: images."""
        return shared_journal(self.folder)

    @property
    def policy(self) -> Path:
        """What a generation needs before it is propagated."""
        return self.path / "policy.json"

    def approvals(self) -> Approvals:
        """Decisions on generations. Raises InputError for a damaged policy."""
        return Approvals(Repository(self.history), read_policy(self.policy))

    @property
    def hooks(self) -> Path:
        return self.path / "hooks.json"

    @property
    def settings(self) -> Store:
        """The stack's settings of the configuration service."""
        return Store(self.path / "settings.sqlite")

    @property
    def exists(self) -> bool:
        return self.passwords_file.exists()

    @property
    def passwords_file(self) -> Path:
        return self.path / "passwords.yaml"

    def passwords(self, wanted: Iterable[str], anew: Collection[str] = ()) -> dict[str, Any]:
        """The stack's passwords and keys, with new ones for names that have none yet, and for those of ``anew``.
        ``save_passwords`` keeps them: not before everything else about the input was found to be right."""
        known = {name: value for name, value in _load_passwords(self.passwords_file).items() if name not in anew}
        passwords = complete(known, wanted, random.token_bytes)
        passwords.setdefault(FINGERPRINT_KEY, random.token_hex(32))
        return passwords

    def save_passwords(self, passwords: Mapping[str, Any]) -> None:
        """Keep them for the stack's life, 0600."""
        if dict(passwords) != _load_passwords(self.passwords_file):
            write_private(self.passwords_file, yaml.safe_dump(dict(passwords), default_flow_style=False))

    @property
    def _random_strings_file(self) -> Path:
        return self.path / "random-strings.json"

    def random_strings(self) -> RandomStrings:
        """A provider of OS::Heat::RandomString's strings that gives those of the last deploy again.
        ``save_random_strings`` keeps what it gave. Raises InputError for a damaged file."""
        from treadle.rollout.random_strings import RandomStrings

        return RandomStrings(read_document(self._random_strings_file, dict[str, str]) or {})

    def save_random_strings(self, strings: RandomStrings) -> None:
        """Keep what was used, 0600; drop the rest."""
        if strings.used != strings.kept:
            write_private(self._random_strings_file, json.dumps(strings.used, sort_keys=True, indent=1))

    def save_plans(self, plans: Iterable[NodePlan]) -> None:
        """Keep the plans, for the verbs that have no templates at hand (status, delete)."""
        write_private(self.path / "plans.json", keptplans.encode(plans))

    @property
    def planned(self) -> bool:
        """Whether a deploy came as far as to keep its plans."""
        return (self.path / "plans.json").exists()

    def plans(self) -> list[NodePlan]:
        """The plans of the last deploy. Raises InputError where this stack was never deployed."""
        try:
            return keptplans.decode((self.path / "plans.json").read_bytes())
        except FileNotFoundError:
            raise self._unknown() from None
        except msgspec.DecodeError as error:
            raise InputError(f"was not written by this version: {error}", source=self.path / "plans.json",
                             hint="run the deploy again: it writes the plans anew") from None

    def _unknown(self) -> InputError:
        files = (self.passwords_file.name, "plans.json")
        known = sorted({found.parent.name for name in files for found in self.folder.glob(f"*/{name}")})
        return InputError(f"no stack called {self.stack} was deployed from here",
                          hint=f"known stacks: {', '.join(known) or 'none'} (in {self.folder})")

    def nodes(self) -> list[Node]:
        """The nodes of the last deploy, as the nodes file had them; none before the first."""
        return msgspec.convert(self.recall("nodes") or [], list[Node])

    def held(self) -> dict[str, Held]:
        """What nodes that are other machines said last that they hold."""
        return msgspec.convert(self.recall("held") or {}, dict[str, Held])

    def node_log(self, node: str) -> Path:
        """The copy of the log of a node that is another machine."""
        return self.path / "node-logs" / f"{node}.jsonl"

    def remember(self, name: str, value: Any) -> None:
        write_private(self.path / f"{name}.json", json.dumps(value, sort_keys=True, indent=1))

    def remember_sources(self, tree: str, sources: Mapping[str, Any]) -> None:
        """From which files the generations with this ``tree`` were made last."""
        known = self.recall("sources") or {}
        if known.get(tree) != sources:
            self.remember("sources", {**known, tree: sources})

    def recall(self, name: str) -> Any:
        path = self.path / f"{name}.json"
        return json.loads(path.read_text()) if path.exists() else None

    def forget(self, name: str) -> None:
        (self.path / f"{name}.json").unlink(missing_ok=True)

    def write_journal(self, event: Event) -> None:
        """An event listener: one JSON line an event that changed something, or that tells how far it came."""
        journal.write(self.journal, event, whoami())

    def remove(self) -> None:
        """All but the journal, which must tell who removed it, and the lock, which its holder gives back."""
        for path in self.path.glob("*"):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path not in (self.journal, self.lock):
                path.unlink(missing_ok=True)
        if self.path.exists() and not any(self.path.iterdir()):
            self.path.rmdir()


def _load_passwords(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    loaded = yaml.safe_load(path.read_text())
    if not isinstance(loaded, dict):
        raise InputError("expected a mapping of names to passwords", source=path,
                         hint="restore it from a backup: without it the cloud's passwords are lost")
    return loaded


def whoami() -> str:
    """``user@host`` of whoever runs this (the caller of sudo, where there was one)."""
    return f"{os.environ.get('SUDO_USER') or getpass.getuser()}@{socket.gethostname()}"
