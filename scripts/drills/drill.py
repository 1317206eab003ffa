"""What the steps of a restore drill leave for each other, in the folder that its containers share. Standard library only.

A check is a line of checks.tsv: name, "passed" or "failed", seconds, detail. A step that finds something wrong says so there and ends well: the last step
has to tell of it. Environment of every step: FOLDER, DRILL_SETTINGS (JSON, see components/drills/steps.ts).
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback

FOLDER = os.environ["FOLDER"]
CHECKS = f"{FOLDER}/checks.tsv"
LONGEST = 600


class Failed(Exception):
    """What was found wrong, and what to do, in words for whoever reads the result."""


def settings():
    return json.loads(os.environ["DRILL_SETTINGS"])


def say(text):
    print(f"drill: {text}", flush=True)


def leave(name, value):
    """For the steps after this one."""
    with open(f"{FOLDER}/{name}.json", "w", encoding="utf-8") as file:
        json.dump(value, file)


def left(name):
    """What a step before has left; None when it did not come to that."""
    try:
        with open(f"{FOLDER}/{name}.json", encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def utc(seconds=None):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Finding:
    """What a check has found: `detail` is put in by whoever looks."""

    detail, passed = "", False


@contextlib.contextmanager
def check(name):
    """One check: what is raised within fails it and nothing else. The caller sees by `passed` whether to go on."""
    say(f"{name} ...")
    found, began = Finding(), time.monotonic()
    try:
        yield found
        found.passed = True
    except Failed as failure:
        found.detail = str(failure)
    except Exception as error:  # Whatever it is, the result must say it.
        traceback.print_exc()
        found.detail = f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - began
    found.detail = " ".join(found.detail.split())[:LONGEST]
    with open(CHECKS, "a", encoding="utf-8") as file:
        file.write(f"{name}\t{'passed' if found.passed else 'failed'}\t{seconds:.3f}\t{found.detail}\n")
    say(f"{name}: {'passed' if found.passed else 'FAILED'} in {seconds:.1f} s. {found.detail}")


def run(*command, seconds=None, good=(0,)):
    """Output of a program, both streams. @raises Failed when it ends otherwise than well"""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=seconds, check=False)
    if result.returncode not in good:
        raise Failed(f"{os.path.basename(command[0])} ended with code {result.returncode}: {last_words(result.stdout)}")
    return result.stdout


def last_words(text, lines=6):
    return " | ".join(line.strip() for line in text.splitlines()[-lines:] if line.strip())


def step(work):
    """Runs a step. One that was told to stop ends with its children, and leaves no check."""

    def stopped(*_):
        print("drill: was told to stop; there is no result", file=sys.stderr)
        sys.exit(143)

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stopped)
    sys.exit(work() or 0)
