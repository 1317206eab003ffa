"""What Patroni takes this cluster for: the identifier that PostgreSQL gave its data when they were made. Called by restore-member.sh while Patroni is paused.

A restore into an empty cluster brings the data of another. Patroni reads the identifier of a member's data once, and again only after a pause (its
schedule_sanity_checks_after_pause): until then it takes the lock for them only where the key "initialize" is not there, and puts what it believes there
itself. Once it is resumed, a key that is not the data's ends it.

Usage: identity.py forget|tell IDENTIFIER. forget: takes the key away if it, or this member's Patroni, believes another, and prints that one; tell: puts the
key right. Environment: CONFIG_FOLDER, and what Patroni itself reads.
"""

import json
import os
import sys

from patroni.config import Config
from patroni.dcs import get_dcs
from patroni.request import PatroniRequest


def main(what, identifier):
    config = Config(os.environ["CONFIG_FOLDER"], None)
    dcs = get_dcs(config)
    cluster = dcs.get_cluster()
    if what == "tell":
        if cluster.initialize != identifier:
            dcs.initialize(create_new=False, sysid=identifier)
        return
    member = cluster.get_member(config["name"], False)
    state = json.loads(PatroniRequest(config)(member, endpoint="patroni").data) if member else {}
    believed = {cluster.initialize, state.get("database_system_identifier")} - {None, "", identifier}
    if believed:
        dcs.cancel_initialization()
        print(" ".join(sorted(believed)))


main(*sys.argv[1:])
