"""One Heat service: the calls that a deploy makes, each with its errors in the user's words.

Source: the Orchestration API, v1. Requests are never logged, because they hold the cloud's secrets.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from treadle.errors import HeatError

#: Deeper than stacks are nested.
_DEPTH = 30
_CONNECT_RETRIES = 3
#: Heat answers a request to create a large stack only after it has checked all of it.
_REQUEST_SECONDS = 900


@dataclass(frozen=True)
class RemoteStack:
    """A stack as Heat has it. ``identity`` is NAME/ID; ``action`` such as UPDATE, ``status`` such as FAILED."""

    identity: str
    action: str
    status: str
    reason: str
    outputs: tuple[Mapping[str, Any], ...] = ()

    @property
    def id(self) -> str:
        return self.identity.rpartition("/")[2]

    @property
    def busy(self) -> bool:
        return self.status == "IN_PROGRESS"


class Heat:
    """``client`` is a heatclient; ``where`` names the service in messages."""

    def __init__(self, client: Any, where: str) -> None:
        self._client = client
        self.where = where

    def stack(self, name: str, *, outputs: bool = False) -> RemoteStack | None:
        """The stack called ``name`` (or NAME/ID), or None where there is none. ``outputs`` are read only when asked
        for: Heat computes them anew each time."""
        from heatclient import exc

        with self._told(f"read the stack {name}"):
            try:
                found = self._client.stacks.get(name, resolve_outputs=outputs)
            except exc.HTTPNotFound:
                return None
            action, _, status = found.stack_status.partition("_")
            return RemoteStack(found.identifier, action, status, found.stack_status_reason or "",
                               tuple(found.to_dict().get("outputs") or ()))

    def create(self, name: str, body: Mapping[str, Any], minutes: int) -> str:
        """Begin to create the stack; what is made stays there when it fails. Gives NAME/ID."""
        with self._told(f"create the stack {name}"):
            made = self._client.stacks.create(stack_name=name, timeout_mins=minutes, disable_rollback=True, **body)
            return f"{name}/{made['stack']['id']}"

    def update(self, identity: str, body: Mapping[str, Any], minutes: int) -> None:
        """Begin to make the stack what ``body`` says; nothing of an earlier request is kept."""
        with self._told(f"update the stack {identity.partition('/')[0]}"):
            self._client.stacks.update(identity, timeout_mins=minutes, disable_rollback=True, **body)

    def delete(self, identity: str) -> None:
        """Begin to delete the stack."""
        with self._told(f"delete the stack {identity.partition('/')[0]}"):
            self._client.stacks.delete(identity)

    def events(self, identity: str, marker: str = "") -> list[Any]:
        """Events of the stack and those nested in it, oldest first, after the one whose id is ``marker``."""
        with self._told("read the stack's events"):
            return list(self._client.events.list(identity, marker=marker, sort_dir="asc", nested_depth=_DEPTH))

    def last_event(self, identity: str) -> str:
        """Id of the newest event, empty where there is none."""
        with self._told("read the stack's events"):
            newest = self._client.events.list(identity, sort_dir="desc", limit=1, nested_depth=_DEPTH)
            return str(newest[0].id) if newest else ""

    def resources(self, identity: str) -> list[Any]:
        """All resources of the stack and those nested in it."""
        with self._told("read the stack's resources"):
            return list(self._client.resources.list(identity, nested_depth=_DEPTH))

    def attribute(self, identity: str, resource: str, name: str) -> Any:
        with self._told(f"read the resource {resource}"):
            return self._client.resources.get(identity, resource, with_attr=[name]).attributes[name]

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        from heatclient import exc
        from keystoneauth1.exceptions import ClientException, ConnectFailure, Unauthorized
        from openstack.exceptions import SDKException

        try:
            yield
        except (exc.HTTPUnauthorized, exc.HTTPForbidden, Unauthorized) as error:
            raise self._error(doing, _message(error), "check the credentials and roles of that cloud") from error
        except exc.HTTPBadRequest as error:
            raise self._error(doing, _message(error), _advice(_message(error))) from error
        except exc.HTTPConflict as error:
            raise self._error(doing, _message(error), "somebody else changes it: wait, then run the same command "
                                                      "again") from error
        except exc.HTTPException as error:
            raise self._error(doing, f"{_message(error)} (HTTP {error.code})",
                              "Heat's own log says more; then run the same command again") from error
        except ConnectFailure as error:
            raise HeatError(f"cannot {doing}: there is no Heat at {self.where} ({error})",
                            hint="start it, or correct --heat-endpoint or the cloud; then run the same command again: "
                                 "it goes on from what Heat has") from error
        except (ClientException, SDKException, exc.BaseException) as error:
            raise self._error(doing, str(error), "check the entry of that cloud in clouds.yaml") from error

    def _error(self, doing: str, said: str, hint: str) -> HeatError:
        return HeatError(f"Heat at {self.where} does not {doing}: {said}", hint=hint)


def _message(error: Any) -> str:
    said = getattr(error, "error", None)
    message = said["error"].get("message") if isinstance(said, dict) and isinstance(said.get("error"), dict) else None
    explained = said.get("explanation") if isinstance(said, dict) else None
    text = message or explained or getattr(error, "message", "") or str(error)
    return (text.decode(errors="replace") if isinstance(text, bytes) else str(text)).strip()


def _advice(message: str) -> str:
    if "exceeds maximum allowed size" in message:
        return "raise max_template_size and max_json_body_size in that Heat's heat.conf"
    if "Maximum resources" in message or "Maximum stacks" in message:
        return "raise max_resources_per_stack or max_stacks_per_tenant in that Heat's heat.conf"
    return "correct what it names; nothing was changed"


def connect_endpoint(endpoint: str, token: str = "") -> Heat:
    """Heat at a URL, without Keystone. ``token`` is sent as X-Auth-Token when it is not empty. A URL without a
    project, such as ``http://127.0.0.1:8004``, gets ``/v1/admin``."""
    from urllib.parse import urlsplit

    from keystoneauth1.noauth import NoAuth
    from keystoneauth1.session import Session
    from keystoneauth1.token_endpoint import Token

    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise HeatError(f"{endpoint} is no URL", key="--heat-endpoint", hint="such as http://127.0.0.1:8004/v1/admin")
    if parts.username or parts.password:
        raise HeatError("a URL must not hold credentials: others see the command line", key="--heat-endpoint",
                        hint="put a token into the environment variable OS_TOKEN")
    if parts.path.strip("/") in ("", "v1"):
        endpoint = f"{parts.scheme}://{parts.netloc}/v1/admin"
    auth = Token(endpoint, token) if token else NoAuth(endpoint=endpoint)
    return connect_session(Session(auth=auth, timeout=_REQUEST_SECONDS), endpoint)


def connect_cloud(cloud: str = "", config: Any = None, options: Any = None) -> Heat:
    """Heat of a cloud in clouds.yaml; of the one that OS_CLOUD or the other OS_ variables name where it is empty.
    ``config`` (openstacksdk's) and ``options`` (parsed) are those of OpenStackClient, where it is running."""
    from keystoneauth1.exceptions import ClientException
    from openstack.config import OpenStackConfig
    from openstack.exceptions import ConfigException

    try:
        region = (config or OpenStackConfig()).get_one(cloud=cloud or None, argparse=options)
        session = region.get_session()
    except (ConfigException, ClientException) as error:
        raise HeatError(f"no cloud whose Heat could be used: {error}",
                        hint="name one with OS_CLOUD (or openstack --os-cloud), or give --heat-endpoint URL") from error
    return connect_session(session, f"the cloud {region.name or 'of the OS_ variables'}",
                           region_name=region.get_region_name("orchestration"),
                           interface=region.get_interface("orchestration"),
                           endpoint_override=region.get_endpoint("orchestration"))


def connect_session(session: Any, where: str, **filters: Any) -> Heat:
    """Heat as ``session`` (keystoneauth) finds it; ``filters`` are region_name and interface."""
    from heatclient.client import Client

    mute = logging.Logger("treadle.heat.remote", logging.CRITICAL)
    given = {key: value for key, value in filters.items() if value}
    return Heat(Client("1", session=session, service_type="orchestration", logger=mute,
                       connect_retries=_CONNECT_RETRIES, **given), where)
