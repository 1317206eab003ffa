"""A server of Postgres on what a drill has restored: by a socket of its own only, and archiving nothing. Standard library only."""

import os
import signal
import subprocess
import time

from drill import FOLDER, Failed, last_words, run

DATA = f"{FOLDER}/postgres/data"
SOCKETS = f"{FOLDER}/postgres/sockets"
LOG = f"{FOLDER}/postgres/log"
SETTINGS = f"{FOLDER}/postgres/server"

# What the cluster's members have does not count here: their addresses, their archive and their memory are not this server's.
CONFIGURATION = f"""
listen_addresses = ''
unix_socket_directories = '{SOCKETS}'
hba_file = '{SETTINGS}/pg_hba.conf'
ident_file = '{SETTINGS}/pg_ident.conf'
archive_mode = off
hot_standby = off
shared_buffers = 128MB
max_connections = 20
max_parallel_workers = 0
dynamic_shared_memory_type = mmap
autovacuum = off
logging_collector = off
restart_after_crash = off
"""


def program(name):
    return os.path.join(os.environ["BIN_DIR"], name)


class ScratchPostgres:
    """With it the server runs, and is gone afterwards however that ends."""

    def __init__(self, seconds):
        self.seconds, self.process = seconds, None

    def __enter__(self):
        for folder in (SOCKETS, SETTINGS):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        for name, text in (("postgresql.conf", CONFIGURATION), ("pg_hba.conf", "local all all trust\n"), ("pg_ident.conf", "")):
            with open(f"{SETTINGS}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        # One that was killed has left it; nobody else uses this folder.
        for stale in ("postmaster.pid", "postmaster.opts"):
            if os.path.exists(f"{DATA}/{stale}"):
                os.remove(f"{DATA}/{stale}")
        log = open(LOG, "ab")
        self.process = subprocess.Popen(
            [program("postgres"), "-D", DATA, "-c", f"config_file={SETTINGS}/postgresql.conf"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        log.close()
        try:
            self._await_answer()
        except BaseException:
            self._end()
            raise
        return self

    def _await_answer(self):
        deadline = time.monotonic() + self.seconds
        while self.process.poll() is None:
            asked = subprocess.run(self._psql("SELECT pg_is_in_recovery()", "postgres"), capture_output=True, text=True, check=False)
            if asked.returncode == 0 and asked.stdout.strip() == "f":
                return
            if time.monotonic() > deadline:
                raise Failed(f"Postgres did not answer within {self.seconds:.0f} s; it said last: {self.words()}")
            time.sleep(0.2)
        raise Failed(f"Postgres does not start from what was restored; it said last: {self.words()}")

    @staticmethod
    def words():
        with open(LOG, encoding="utf-8", errors="replace") as file:
            return last_words(file.read())

    def _psql(self, statement, database):
        return [program("psql"), "-XAtq", "--no-password", "--set=ON_ERROR_STOP=1", f"--host={SOCKETS}", "--username=postgres", f"--dbname={database}", "--command", statement]

    def ask(self, statement, database="postgres", seconds=None):
        """Rows of the answer, columns separated by "|". @raises Failed"""
        return run(*self._psql(statement, database), seconds=seconds).splitlines()

    def __exit__(self, *_):
        self._end()

    def _end(self):
        if self.process.poll() is None:
            # Fast: connections are closed, and a checkpoint is written.
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(300)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
