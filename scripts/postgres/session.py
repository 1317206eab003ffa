"""A psql that stays connected and is asked one thing after another, each within a time limit. Standard library only."""

import os
import select
import subprocess
import tempfile
import time

END = b"-- end of the answer --"


class Failure(Exception):
    """What went wrong, in words for whoever reads the log."""


class Session:
    """A connection of psql. `name` says in messages what it leads to, `env` has libpq's variables beside those of this process."""

    def __init__(self, name, env):
        self.name, self.env, self.rest = name, {**os.environ, **env}, b""
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            ["psql", "-XAtq", "--no-password", "--set=ON_ERROR_STOP=1"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=self.env,
            bufsize=0,
        )

    def ask(self, statement, seconds):
        """Rows of the answer, columns separated by "|". @raises Failure when it is refused, or does not come within so many seconds."""
        self.send(statement)
        return self.answer(time.monotonic() + seconds)

    def send(self, statement):
        """Asks, and does not wait."""
        try:
            self.process.stdin.write(f"{statement};\n\\echo {END.decode()}\n".encode())
        except OSError:
            self.process.wait()
            raise self._refused() from None

    def answer(self, deadline):
        """What was asked last, by a time of time.monotonic()."""
        while END not in self.rest:
            remaining = deadline - time.monotonic()
            if remaining <= 0 or not select.select([self.process.stdout], [], [], remaining)[0]:
                raise Failure(f"{self.name} did not answer in time")
            read = os.read(self.process.stdout.fileno(), 65536)
            if not read:
                self.process.wait()
                raise self._refused()
            self.rest += read
        text, self.rest = self.rest.split(END + b"\n", 1)
        return text.decode().splitlines()

    def close(self):
        """Ends the connection, whatever it is doing."""
        self.process.kill()
        self.process.wait()

    def _refused(self):
        self.errors.seek(0)
        said = " ".join(self.errors.read().decode(errors="replace").split())
        return Failure(f"{self.name}: {said or 'the connection has ended'}")
