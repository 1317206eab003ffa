#!/usr/bin/env python3
"""Puts the members' common configuration into etcd when it differs, and restarts those that need it.

Called by Job postgres-bootstrap. Patroni reads that configuration from its file only when the cluster is made: later changes come
here. Reloaded by itself is what can be; for the rest Postgres is restarted member by member, standbys first, and again after the
primary when a value has become smaller (standbys follow it only then).

Environment: see components/postgres/bootstrap.ts. Standard library only.
"""

import base64
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request

ROUNDS = 3  # Standbys, primary, standbys again.


class Patroni:
    """The REST APIs of all members."""

    def __init__(self, addresses, context, password):
        self.addresses, self.context = addresses, context
        self.login = "Basic " + base64.b64encode(f"patroni:{password}".encode()).decode()

    def ask(self, method, path, body=None, address=None, timeout=10):
        """Asks one member, or one after another until somebody answers."""
        reasons = []
        for candidate in [address] if address else self.addresses:
            data = None if body is None else json.dumps(body).encode()
            request = urllib.request.Request(f"https://{candidate}{path}", data, method=method)
            request.add_header("Authorization", self.login)
            request.add_header("Content-Type", "application/json")
            try:
                with urllib.request.urlopen(request, timeout=timeout, context=self.context) as answer:
                    return answer.read().decode()
            except OSError as error:
                detail = error.read().decode().strip() if isinstance(error, urllib.error.HTTPError) else ""
                reasons.append(f"{candidate}: {error} {detail}".strip())
        raise OSError("; ".join(reasons))

    def config(self):
        return json.loads(self.ask("GET", "/config"))

    def members(self):
        return json.loads(self.ask("GET", "/cluster"))["members"]


def patch(wanted, present):
    """What to send so that `present` becomes `wanted` (RFC 7396). Parameters that are no longer wanted are removed; whatever else is
    there (a pause, say) is somebody else's."""
    changes = {k: v for k, v in wanted.items() if k != "postgresql" and present.get(k) != v}
    old, new = present.get("postgresql", {}), wanted["postgresql"]
    inner = {k: v for k, v in new.items() if k != "parameters" and old.get(k) != v}
    old_parameters = old.get("parameters") or {}
    parameters = {k: v for k, v in new["parameters"].items() if old_parameters.get(k) != v}
    parameters.update({k: None for k in old_parameters if k not in new["parameters"]})
    if parameters:
        inner["parameters"] = parameters
    return {**changes, **({"postgresql": inner} if inner else {})}


def say(message):
    print(f"postgres-configure: {message}", flush=True)


def until(deadline, what, attempt):
    """Repeats until it gives something, or the time is over."""
    reason = "nothing"
    while True:
        try:
            result = attempt()
            if result is not None:
                return result
        except (OSError, ValueError, KeyError) as error:
            reason = str(error)
        if time.monotonic() > deadline:
            sys.exit(f"postgres-configure: {what} did not happen in time; seen last: {reason}")
        time.sleep(1)


def leader_of(members):
    return next((m for m in members if m["role"] == "leader" and m["state"] == "running"), None)


def api_of(member):
    return member["api_url"].split("://", 1)[1].split("/", 1)[0]


def restart_pending(patroni, deadline, settle):
    for _ in range(ROUNDS):
        # Members report within a round of their loop what the new configuration asks of them.
        time.sleep(settle)
        pending = [m for m in patroni.members() if m.get("pending_restart")]
        if not pending:
            return
        for member in sorted(pending, key=lambda m: m["role"] == "leader"):
            say(f"restarts Postgres of {member['name']}, {member['role']}")
            patroni.ask("POST", "/restart", {"restart_pending": True}, api_of(member), timeout=120)
            name = member["name"]
            until(deadline, f"the restart of {name}", lambda: running(patroni.members(), name))
    left = [m["name"] for m in patroni.members() if m.get("pending_restart")]
    if left:
        sys.exit(f"postgres-configure: still waiting for a restart: {', '.join(left)}; see patronictl list")


def running(members, name):
    member = next((m for m in members if m["name"] == name), None)
    return member if member and member["state"] in ("running", "streaming") else None


def main():
    settings = json.loads(os.environ["CONFIGURE_SETTINGS"])
    tls = settings["tls"]
    context = ssl.create_default_context(cafile=tls["authority"])
    context.load_cert_chain(tls["certificate"], tls["key"])
    patroni = Patroni(settings["members"], context, os.environ["PATRONI_PASSWORD"])
    deadline = time.monotonic() + settings["waitSeconds"]

    until(deadline, "a leader", lambda: leader_of(patroni.members()))
    changes = patch(settings["wanted"], until(deadline, "the cluster's configuration", patroni.config))
    if changes:
        patroni.ask("PATCH", "/config", changes)
        say("changed: " + ", ".join(sorted([*changes.get("postgresql", {}).get("parameters", {}), *(changes.keys() - {"postgresql"})])))
    restart_pending(patroni, deadline, settings["settleSeconds"])
    say("members have the configuration of this program")


if __name__ == "__main__":
    main()
