"""The clients' calls, read off the service's description: one table for both ways in which they are answered."""

from dataclasses import dataclass

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from paceline.wire.gen import fleet_pb2

SERVICE = fleet_pb2.DESCRIPTOR.services_by_name["Fleet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, and its reply or replies."""

    name: str
    request: type[Message]
    streams: bool  # replies, any number of them

    @property
    def method(self) -> str:
        """As whoever calls names it."""
        return f"/{SERVICE.full_name}/{self.name}"


CALLS = tuple(
    Call(name=each.name, request=GetMessageClass(each.input_type), streams=each.server_streaming)
    for each in SERVICE.methods
    if not each.client_streaming
)
"""All but the session."""


def encoded(message: Message) -> bytes:
    """As it travels."""
    return message.SerializeToString()
