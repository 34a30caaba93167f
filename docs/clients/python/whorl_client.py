"""A client of Whorl's service, docs/protocol.md: a register's and a station's calls over mutual TLS.

It stands on grpcio, flatbuffers and the messages' classes, which flatc 2.0.8 makes of the schema:

    flatc --python --gen-object-api -o generated whorl.fbs      # then PYTHONPATH=generated

Requests are keyword arguments, answers plain objects, both with the schema's names:

    with Client("whorl.example.org:7443", "me.pem", "me.key", "authority.pem",
                gallery="residents", purpose="residence-permit") as register:
        answer = register.identify(samples=["index.png", Sample("thumb.wsq", position=1)])
        for candidate in answer.result.candidates: ...
"""

import importlib
import itertools
import queue
import re
import sys
import time
import types
import uuid
from pathlib import Path

import flatbuffers
import grpc
from whorl.wire.Decision import Decision  # noqa: F401, for whoever reads answers
from whorl.wire.Modality import Modality
from whorl.wire.Outcome import Outcome  # noqa: F401
from whorl.wire.Priority import Priority
from whorl.wire.Sample import SampleT, SampleAddBytes, SampleAddModality, SampleAddPosition
from whorl.wire.Sample import SampleAddPpi, SampleEnd, SampleStart
from whorl.wire.Sex import Sex  # noqa: F401

MAX_MESSAGE_BYTES = 32 * 1024 * 1024
BUSY, UNREACHABLE, DRAINING = 49, 56, 57  # docs/faults.md


class Refused(Exception):
    """The service said no. `fault` is a number of docs/faults.md; 0: gRPC itself said it."""

    def __init__(self, error):
        trailing = dict(error.trailing_metadata() or ())
        self.code = error.code()
        self.fault = int(trailing.get("whorl-fault", 0))
        self.where = trailing.get("whorl-where-bin", b"").decode(errors="replace")
        self.retry_after_s = int(trailing.get("retry-after-ms", 0)) / 1000
        super().__init__(error.details())

    @property
    def passes(self):
        """Whether the same request may do better in a while."""
        unreachable = self.fault == 0 and self.code == grpc.StatusCode.UNAVAILABLE
        return unreachable or self.fault in (BUSY, DRAINING)


class Sample(SampleT):
    """A picture, record or template: a file's path, or its bytes."""

    def __init__(self, source, modality=Modality.unknown, position=0, ppi=0.0):
        super().__init__()
        self.bytes = source if isinstance(source, bytes) else Path(source).read_bytes()
        self.modality, self.position, self.ppi = modality, position, ppi

    def Pack(self, builder):  # the generated one copies byte by byte
        content = builder.CreateByteVector(self.bytes)
        SampleStart(builder)
        SampleAddBytes(builder, content)
        SampleAddModality(builder, self.modality)
        SampleAddPosition(builder, self.position)
        SampleAddPpi(builder, self.ppi)
        return SampleEnd(builder)


def _table(name):
    return importlib.import_module("whorl.wire." + name)


def _message(name, fields):
    """The table `name` with these fields, as an object that can be packed."""
    message = getattr(_table(name), name + "T")()
    for field, value in fields.items():
        camel = re.sub("_(.)", lambda m: m[1].upper(), field)
        if not hasattr(message, camel):
            raise TypeError(f"{name} has no {field}")
        if field in ("samples", "references"):
            value = [s if isinstance(s, SampleT) else Sample(s) for s in value]
        if field == "search":
            value = _message("Search", value)
        setattr(message, camel, value)
    return message


def _packed(message):
    builder = flatbuffers.Builder(1024)
    builder.Finish(message.Pack(builder))
    return bytes(builder.Output())


def _plain(value):
    """An answer as a caller likes it: snake_case, strings, an empty list for a list left out."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if not hasattr(value, "__dict__"):
        return value
    table = getattr(sys.modules[type(value).__module__], type(value).__name__[:-1])
    plain = types.SimpleNamespace()
    for camel, v in vars(value).items():
        if v is None and hasattr(table, camel[0].upper() + camel[1:] + "Length"):
            v = []
        setattr(plain, re.sub("[A-Z]", lambda m: "_" + m[0].lower(), camel), _plain(v))
    return plain


def _read(name, message):
    module = _table(name)
    root = getattr(module, name).GetRootAs(message, 0)
    return _plain(getattr(module, name + "T").InitFromObj(root))


class Client:
    """One connection, which comes back by itself; any thread may call.

    Every call takes its request's fields, and `request_id`, `gallery`, `purpose`, `priority` and
    `deadline_s`. A call that is lost or finds the service busy is sent again, the very same bytes,
    up to `retries` times within its deadline: it is never done twice.
    """

    def __init__(self, address, certificate, private_key, authority, *, gallery="", purpose="",
                 server_name="", retries=3):
        options = [("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
                   ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
                   ("grpc.keepalive_time_ms", 20_000), ("grpc.keepalive_timeout_ms", 10_000)]
        if server_name:
            options.append(("grpc.ssl_target_name_override", server_name))
        credentials = grpc.ssl_channel_credentials(*(
            Path(file).read_bytes() for file in (authority, private_key, certificate)))
        self._channel = grpc.secure_channel(address, credentials, options)
        self._gallery, self._purpose, self._retries = gallery, purpose, retries

    def close(self):
        self._channel.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def enrol(self, **fields):
        return self._ask("Register/Enrol", "EnrolRequest", "EnrolAnswer", fields)

    def enrol_with_dedup(self, **fields):
        return self._ask("Register/EnrolWithDedup", "EnrolRequest", "EnrolAnswer", fields)

    def identify(self, **fields):
        return self._ask("Register/Identify", "IdentifyRequest", "IdentifyAnswer", fields)

    def verify(self, **fields):
        return self._ask("Register/Verify", "VerifyRequest", "VerifyAnswer", fields)

    def update(self, **fields):
        return self._ask("Register/Update", "UpdateRequest", "ChangeAnswer", fields)

    def delete(self, **fields):
        return self._ask("Register/Delete", "DeleteRequest", "ChangeAnswer", fields)

    def erase(self, **fields):
        return self._ask("Register/Erase", "EraseRequest", "ChangeAnswer", fields)

    def get_subject(self, **fields):
        return self._ask("Register/GetSubject", "GetSubjectRequest", "SubjectAnswer", fields)

    def list_galleries(self, **fields):
        return self._ask("Register/ListGalleries", "ListGalleriesRequest", "GalleriesAnswer", fields)

    def stats(self, **fields):
        return self._ask("Register/Stats", "StatsRequest", "StatsAnswer", fields)

    def watch_hits(self, **fields):
        """Hits as they come, until the deadline passes or the service stops."""
        request, deadline_s = self._headed("WatchHitsRequest", fields)
        watch = self._channel.unary_stream("/whorl.wire.Register/WatchHits")
        hits = watch(_packed(request), timeout=deadline_s)
        try:
            for hit in hits:
                yield _read("Hit", hit)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.DEADLINE_EXCEEDED:
                raise Refused(error) from None
        finally:
            hits.cancel()

    def visit(self, **fields):
        """A visit of `subject` to a station: `with` it, `capture` samples, then `finish`."""
        return Visit(self._channel, *self._headed("CaptureRequest", fields))

    def _headed(self, name, fields):
        fields = dict(fields)
        deadline_s = fields.pop("deadline_s", 60.0)
        heading = {"request_id": fields.pop("request_id", uuid.uuid4().hex),
                   "gallery": fields.pop("gallery", self._gallery),
                   "purpose": fields.pop("purpose", self._purpose),
                   "priority": fields.pop("priority", Priority.routine)}
        return _message(name, {**fields, "heading": _message("Heading", heading)}), deadline_s

    def _ask(self, call, request_name, answer_name, fields):
        request, deadline_s = self._headed(request_name, fields)
        message = _packed(request)
        until = time.monotonic() + deadline_s
        send = self._channel.unary_unary("/whorl.wire." + call)  # bytes in, bytes out
        for tries in itertools.count():
            try:
                return _read(answer_name, send(message, timeout=until - time.monotonic()))
            except grpc.RpcError as error:
                refused = Refused(error)
            wait_s = refused.retry_after_s or 1.0
            in_time = time.monotonic() + wait_s < until
            if tries >= self._retries or not refused.passes or not in_time:
                raise refused
            time.sleep(wait_s)


class Visit:
    """What `Client.visit` gives. Left before `finish`, it enrols nobody."""

    def __init__(self, channel, first, deadline_s):
        self._next = first
        self._captures = queue.SimpleQueue()
        capture = channel.stream_stream("/whorl.wire.Station/Capture")
        self._feedback = capture(iter(self._captures.get, None), timeout=deadline_s)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._feedback.cancel()
        self._captures.put(None)

    def capture(self, sample):
        """Feedback on this capture; the person is still there and can try again."""
        self._next.sample = sample if isinstance(sample, SampleT) else Sample(sample)
        return self._send()

    def finish(self):
        """Enrols what was accepted, unless the person is enrolled already: an EnrolAnswer."""
        self._next.finish = True
        return self._send().enrolment

    def _send(self):
        self._captures.put(_packed(self._next))
        self._next = _message("CaptureRequest", {})
        try:
            return _read("Feedback", next(self._feedback))
        except grpc.RpcError as error:
            raise Refused(error) from None
