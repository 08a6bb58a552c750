"""A language model behind an OpenAI-compatible chat endpoint, such as one that runs on the same machine.

messages -> POST {url}/chat/completions -> the text of the first choice, within so many seconds, or a LanguageModelError

It is asked once: nothing is tried again, no redirect is followed and no proxy is used, so that what is sent reaches the address that was
given or none.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from dovetail.kg.errors import InputError
from dovetail.reasoning.questions.hooks import LanguageModelError

MAX_REPLY_BYTES = 1_000_000
MOST_TOKENS = 300


class ChatEndpoint:
    """A language model at ``url`` (with or without ``/chat/completions``), by its name there. InputError for what is no address.

    >>> ChatEndpoint("http://localhost:11434/v1", "qwen3:4b").url
    'http://localhost:11434/v1/chat/completions'
    """

    def __init__(self, url: str, model: str, *, key: str = "", seconds: float = 20.0) -> None:
        try:
            parts = urlsplit(url)
            self._place = parts.hostname or "", parts.port
        except ValueError:
            parts, self._place = urlsplit(""), ("", None)
        if parts.scheme not in ("http", "https") or not self._place[0] or parts.username or parts.query or parts.fragment:
            raise InputError(f"not the address of a language model: {url!r}; give one like http://localhost:11434/v1")
        path = parts.path.rstrip("/")
        self._path = path + ("" if path.endswith("/chat/completions") else "/chat/completions")
        self._secure = parts.scheme == "https"
        self._key = key
        self.url = f"{parts.scheme}://{parts.netloc}{self._path}"
        self.host = parts.netloc
        self.model = model
        self.seconds = seconds

    def complete(self, system: str, user: str) -> str:
        """The text of the first choice. LanguageModelError where there is none within the seconds, whatever the reason."""
        said: SimpleQueue[str | LanguageModelError] = SimpleQueue()
        body = {"model": self.model, "temperature": 0, "max_tokens": MOST_TOKENS, "messages": _messages(system, user)}
        connection = (HTTPSConnection if self._secure else HTTPConnection)(*self._place, timeout=self.seconds)

        def call() -> None:
            try:
                said.put(_text(self._post(connection, json.dumps(body).encode())))
            except LanguageModelError as error:
                said.put(error)

        # A thread, because a server that drips keeps a socket's own timeout from ever running out.
        threading.Thread(target=call, daemon=True).start()
        try:
            found = said.get(timeout=self.seconds)
        except Empty:
            with suppress(OSError, AttributeError):  # gone by itself, or not yet there
                connection.sock.shutdown(socket.SHUT_RDWR)
            raise self._too_slow() from None
        if isinstance(found, LanguageModelError):
            raise found
        return found

    def _too_slow(self) -> LanguageModelError:
        return LanguageModelError(f"no answer from {self.host} within {self.seconds:g} seconds")

    def _post(self, connection: HTTPConnection, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "dovetail"}
        headers |= {"Authorization": f"Bearer {self._key}"} if self._key else {}
        try:
            with closing(connection):
                connection.request("POST", self._path, body, headers)
                with closing(connection.getresponse()) as response:
                    content = response.read(MAX_REPLY_BYTES + 1)
        except TimeoutError:
            raise self._too_slow() from None
        except (OSError, HTTPException, ValueError) as error:
            raise LanguageModelError(f"{self.host} cannot be reached ({error or type(error).__name__})") from error
        if 300 <= response.status < 400:
            raise LanguageModelError(
                f"{self.host} redirects elsewhere (status {response.status}), which is not followed: give its own address"
            )
        if response.status != 200:
            raise LanguageModelError(f"{self.host} answers with status {response.status} ({response.reason})")
        if len(content) > MAX_REPLY_BYTES:
            raise LanguageModelError(f"{self.host} answers with more than {MAX_REPLY_BYTES:,} bytes")
        return content


def _messages(system: str, user: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


def _text(content: bytes) -> str:
    try:
        reply = json.loads(content)
    except (ValueError, RecursionError):
        raise LanguageModelError("what it returns is not JSON") from None
    choices = reply.get("choices") if isinstance(reply, Mapping) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, Mapping) else None
    text = message.get("content") if isinstance(message, Mapping) else None
    if not isinstance(text, str):
        raise LanguageModelError("what it returns has no text at choices[0].message.content, where a chat endpoint has it")
    return text
