"""The first process of a private Debian: lays out files, runs one program as one user, and ends with it.

File descriptor 3 carries one line of JSON (Launch in run.ts), then the names of signals for the program, one a line. Its end
means that nobody waits any more: the program is asked to stop, and killed with all that it started if it does not.
"""

import json
import os
import pwd
import signal
import subprocess
import sys
import threading
import time


def account(user):
    """(uid, gid, further groups, home) of a name of Debian's, or of "UID" or "UID:GID" as pods have it."""
    if user[0].isdigit():
        uid, _, gid = user.partition(":")
        return int(uid), int(gid or uid), [], "/tmp"
    entry = pwd.getpwnam(user)
    return entry.pw_uid, entry.pw_gid, os.getgrouplist(user, entry.pw_gid), entry.pw_dir


def make_folders(path, uid, gid):
    if os.path.isdir(path):
        return
    make_folders(os.path.dirname(path), uid, gid)
    os.mkdir(path)
    os.chown(path, uid, gid)


def lay_out(files, uid, gid):
    """Only the program's user may read them: Postgres and ssh refuse keys that others can read."""
    for path, content in files.items():
        make_folders(os.path.dirname(path), uid, gid)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        os.chown(path, uid, gid)
        os.chmod(path, 0o700 if content.startswith("#!") else 0o600)


def relay(uid, target):
    """A pipe that the program's user owns, copied to `target`: /dev/stdout can be opened on a pipe, not on Node's sockets."""
    source, end = os.pipe()
    os.fchown(end, uid, -1)

    def copy():
        while chunk := os.read(source, 65536):
            while chunk:
                chunk = chunk[os.write(target, chunk) :]

    thread = threading.Thread(target=copy, daemon=True)
    thread.start()
    return thread, end


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def obey(control, pid, grace):
    for line in control:
        send(pid, signal.Signals["SIG" + line.strip()])
    send(pid, signal.SIGTERM)
    time.sleep(grace)
    os._exit(137)  # The first process of a pid namespace takes all others with it.


def main():
    control = os.fdopen(3, encoding="utf-8")
    launch = json.loads(control.readline())
    uid, gid, groups, home = account(launch["user"])
    lay_out(launch["files"], uid, gid)
    out, out_end = relay(uid, 1)
    err, err_end = relay(uid, 2)
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    try:
        program = subprocess.Popen(
            launch["argv"],
            env={"PATH": path, "HOME": home, "LANG": "C.UTF-8", **launch["env"]},
            cwd="/",
            stdout=out_end,
            stderr=err_end,
            user=uid,
            group=gid,
            extra_groups=groups,
        )
    except OSError as error:
        print(f"cannot start {launch['argv'][0]}: {error.strerror}", file=sys.stderr, flush=True)
        os._exit(127)  # As a shell does.
    os.close(out_end)
    os.close(err_end)
    threading.Thread(target=obey, args=(control, program.pid, launch["graceSeconds"]), daemon=True).start()

    ended, status = os.wait()
    while ended != program.pid:
        ended, status = os.wait()
    program.returncode = os.waitstatus_to_exitcode(status)
    send(-1, signal.SIGKILL)
    out.join()
    err.join()
    os._exit(program.returncode if program.returncode >= 0 else 128 - program.returncode)


main()
