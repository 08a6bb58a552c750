"""A chat endpoint that misbehaves in every way there is: each is a LanguageModelError, in time, and never a hang."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import pytest

from dovetail.kg import InputError
from dovetail.reasoning.questions.endpoint import MAX_REPLY_BYTES, ChatEndpoint
from dovetail.reasoning.questions.hooks import LanguageModelError
from tests.reasoning.chat_stub import Handler, Stub, running_stub


@pytest.fixture
def stub() -> Iterator[Stub]:
    with running_stub() as server:
        yield server


def endpoint(stub: Stub, *, seconds: float = 5.0, key: str = "") -> ChatEndpoint:
    return ChatEndpoint(stub.url, "tiny", seconds=seconds, key=key)


def test_the_text_of_the_first_choice(stub: Stub) -> None:
    stub.says("Warsaw")
    assert endpoint(stub, key="secret").complete("be short", "Where?") == "Warsaw"
    [(path, headers, body)] = stub.requests
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer secret"
    sent = json.loads(body)
    assert (sent["model"], sent["temperature"]) == ("tiny", 0)
    assert [message["content"] for message in sent["messages"]] == ["be short", "Where?"]
    endpoint(stub).complete("", "")
    assert "Authorization" not in stub.requests[1][1]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "no text"),
        (b"{}", "no text"),
        (b'{"choices": []}', "no text"),
        (b'{"choices": {"0": 1}}', "no text"),
        (b'{"choices": [{"message": null}]}', "no text"),
        (b'{"choices": [{"message": {"content": 7}}]}', "no text"),
        (b"x" * (MAX_REPLY_BYTES + 1), "more than 1,000,000 bytes"),
    ],
)
def test_a_reply_of_a_wrong_shape(stub: Stub, body: bytes, words: str) -> None:
    stub.body = body
    with pytest.raises(LanguageModelError, match=words):
        endpoint(stub).complete("", "")


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_a_status_that_is_not_200(stub: Stub, status: int) -> None:
    stub.status = status
    with pytest.raises(LanguageModelError, match=f"status {status}"):
        endpoint(stub).complete("", "")
    assert len(stub.requests) == 1  # not tried again


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(stub: Stub, status: int) -> None:
    stub.says("Warsaw")
    stub.status, stub.headers = status, {"Location": f"http://127.0.0.1:{stub.server_port}/elsewhere"}
    with pytest.raises(LanguageModelError, match="redirects elsewhere"):
        endpoint(stub, key="secret").complete("", "the user's own text")
    assert len(stub.requests) == 1


def in_time(model: ChatEndpoint) -> None:
    began = time.monotonic()
    with pytest.raises(LanguageModelError, match=r"within 0\.3 seconds"):
        model.complete("", "")
    assert time.monotonic() - began < 3


def test_a_server_that_says_nothing(stub: Stub) -> None:
    stub.before = lambda handler: time.sleep(1)
    in_time(endpoint(stub, seconds=0.3))


def test_a_server_that_drips(stub: Stub) -> None:
    def drip(handler: Handler) -> None:
        for _ in range(20):
            handler.wfile.write(b"H")
            handler.wfile.flush()
            time.sleep(0.1)

    stub.before = drip
    in_time(endpoint(stub, seconds=0.3))


def test_a_server_that_hangs_up(stub: Stub) -> None:
    stub.before = lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)
    with pytest.raises(LanguageModelError, match="cannot be reached"):
        endpoint(stub).complete("", "")


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(LanguageModelError, match=r"127\.0\.0\.1:1 cannot be reached"):
        ChatEndpoint("http://127.0.0.1:1/v1", "tiny").complete("", "")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:11434",
        "ftp://x/y",
        "file:///etc/passwd",
        "http://",
        "http://h:port/v1",
        "http://[/v1",
        "http://user:pw@host/v1",
        "http://h/v1?k=1",
    ],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(InputError, match="not the address of a language model"):
        ChatEndpoint(url, "tiny")


def test_the_key_is_in_no_message(stub: Stub) -> None:
    stub.status = 401
    model = endpoint(stub, key="secret-key")
    with pytest.raises(LanguageModelError) as raised:
        model.complete("", "")
    assert "secret-key" not in f"{raised.value!r} {raised.value.__cause__!r} {model!r}"
