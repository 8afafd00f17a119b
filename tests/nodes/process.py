"""A server process: started, watched while it comes up, stopped and waited for."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path

_START_S = 30
_STOP_S = 30
_FIRST_PORT, _PORTS = 20_000, 12_000
_TRIED = count(secrets.randbelow(_PORTS))  # each port once, and another run of the tests begins elsewhere


def free_port() -> int:
    """A TCP port that nobody listens on now.

    It lies below those that systems give to outgoing connections: one of these, of any program, could take it before
    the server does.
    """
    while True:
        port = _FIRST_PORT + next(_TRIED) % _PORTS
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = _START_S) -> None:
    """Look again and again until it is so."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"{what} did not come about in {seconds} seconds"
        time.sleep(0.02)


class Server:
    """A process that runs until it is stopped; its output goes to a file that a failed start prints."""

    def __init__(self, command: list[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self._log = log
        if (setpriv := shutil.which("setpriv")) is not None:
            command = [setpriv, "--pdeathsig", "TERM", *command]  # it ends with the tests even if these are killed
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=environment
            )

    def wait_for(self, answers: Callable[[], bool], what: str) -> None:
        """Wait until it answers; a process that ends before that is an error with its last words."""

        def answers_or_died() -> bool:
            if self._process.poll() is None:
                return answers()
            words = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise AssertionError(f"{what} ended with {self._process.returncode} before it answered:\n{words}")

        try:
            wait_until(answers_or_died, what)
        except AssertionError:
            self.stop()
            raise

    def stop(self) -> None:
        """Ask it to end, wait, and end it by force if it does not."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
