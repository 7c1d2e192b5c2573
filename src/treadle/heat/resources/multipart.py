"""OS::Heat::MultipartMime: several configurations as one MIME message for cloud-init."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from treadle.heat.constraints import AllowedValues, Constraint
from treadle.heat.faults import kind
from treadle.heat.properties import Property, Schema
from treadle.heat.resources.software import Config

if TYPE_CHECKING:
    from email.mime.text import MIMEText

    from treadle.errors import TemplateError

_BOUNDARY_DIGITS = 19


@dataclass(frozen=True)
class Part:
    """One part of the message; ``subtype`` and ``filename`` may be empty."""

    text: str
    subtype: str
    filename: str

    def message(self) -> MIMEText:
        from email.mime.text import MIMEText

        subtype = self.subtype or os.path.splitext(self.filename)[0] or "plain"  # noqa: PTH122 (with its folders)
        message = MIMEText(self.text, subtype, "us-ascii" if self.text.isascii() else "utf-8")
        if self.filename:
            message.add_header("Content-Disposition", "attachment", filename=self.filename)
        return message


class MultipartMime(Config):
    """The message's boundary is made from its parts, so that the same parts give the same bytes."""

    schema: ClassVar[Schema] = {
        "group": Property("string", default="Heat::Ungrouped"),
        "parts": Property("list", default=[], each=Property("map", fields={
            "config": Property("string", required=True),
            "filename": Property("string"),
            "type": Property("string", default="text", constraints=(Constraint(AllowedValues(("text", "multipart"))),)),
            "subtype": Property("string"),
        })),
    }

    def content(self) -> str:
        from email.mime.multipart import MIMEMultipart

        parts = list(self.parts())
        digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
        number = int.from_bytes(digest) % 10**_BOUNDARY_DIGITS
        boundary = f"{'=' * 15}{number:0{_BOUNDARY_DIGITS}}=="
        return MIMEMultipart(boundary=boundary, _subparts=[part.message() for part in parts]).as_string()

    def parts(self) -> Iterator[Part]:
        """The parts in order; those of a part that is a message itself one by one."""
        for index, given in enumerate(self.properties["parts"]):
            text = self._text(given["config"], index)
            if given["type"] == "multipart":
                yield from self._taken_apart(text, index)
            else:
                yield Part(text, given["subtype"] or "", given["filename"] or "")

    def _text(self, config: str, index: int) -> str:
        """A part's text: that of the configuration which ``config`` is the identity of, else ``config``."""
        referred = self.holder.engine.referenced.get(config)
        text = referred.content() if isinstance(referred, Config) else config
        if not isinstance(text, str):
            raise self._wrong(index, f"the configuration is {kind(text)}, and a part must be a text")
        return text

    def _taken_apart(self, text: str, index: int) -> Iterator[Part]:
        """The parts of a message as they are written in it, encodings not undone. What is no message of several
        parts has none."""
        from email import message_from_string
        from email.message import Message

        message = message_from_string(text)
        for part in message.get_payload() if message.is_multipart() else ():
            if not isinstance(part, Message) or part.is_multipart():
                raise self._wrong(index, "the message holds a message of several parts, which is one too many")
            yield Part(str(part.get_payload()), part.get_content_subtype(), part.get_filename() or "")

    def _wrong(self, index: int, message: str) -> TemplateError:
        return self.error(message, ("properties", "parts", index, "config"))

    def force(self) -> None:
        super().force()
        for _ in self.parts():
            pass
