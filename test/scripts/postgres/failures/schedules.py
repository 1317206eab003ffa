"""Thousands of failures at random for the voters of a small world: nothing that was acknowledged may be lost.

Run by voter.test.ts. VOTER_SCHEDULES is how many; a failure names its seed, and VOTER_SEED runs that one alone.
"""

import contextlib
import io
import json
import os
import random
import unittest
from unittest import mock

import voter
import voter_ballot
import voter_rules
from postgres import LostWrite
from watch import Violation
from voter_view import Received
from world import World

SCHEDULES = int(os.environ.get("VOTER_SCHEDULES", "200"))
UNPLANNED = ("lose", "sleep", "isolate", "halves", "ring", "pair", "deaf", "slow", "configure", "switchover")
FAULTS = (*UNPLANNED, "end")


def leader_of(world):
    kv = world.etcd.get("leader")
    return kv["value"] if kv and kv["value"] in world.members else next(iter(world.members))


def fail(world, chance, faults):
    """One fault, most of the time one that concerns the leader; each ends some time later."""
    names, leader = list(world.members), leader_of(world)
    victim = leader if chance.random() < 0.7 else chance.choice(names)
    others = [n for n in names if n != victim]
    lasts = chance.choice([chance.uniform(0.5, 4), chance.uniform(2, 9), chance.uniform(5, 30)])
    fault = chance.choice(faults)
    pairs = set()
    if fault == "lose":
        world.lose(victim)
        world.at(lasts, world.restart, victim)
    elif fault == "end":
        world.end(victim, lasts)
    elif fault == "sleep":
        world.members[victim].asleep_until = world.now + min(lasts, 12)
    elif fault == "isolate":
        pairs = {frozenset((victim, other)) for other in others}
    elif fault == "halves":
        side = set(chance.sample(names, len(names) // 2)) | {victim}
        pairs = {frozenset((a, b)) for a in side for b in names if b not in side}
    elif fault == "ring":
        # Each sees its neighbours only.
        pairs = {frozenset((names[i], names[j])) for i in range(len(names)) for j in range(i) if (i - j) % len(names) > 1}
    elif fault == "pair":
        pairs = {frozenset((victim, chance.choice(others)))}
    elif fault == "deaf":
        world.deaf.add(victim)
        world.at(lasts, world.deaf.discard, victim)
        if chance.random() < 0.5:
            # It has lost etcd, but not those who stream from it.
            kept = chance.choice(others)
            pairs = {frozenset((victim, other)) for other in others if other != kept}
    elif fault == "slow":
        world.slow_etcd = chance.uniform(0.1, 0.6)
        world.at(lasts, setattr, world, "slow_etcd", 0.0)
    elif fault == "configure":
        on = {"synchronous_mode": True if world.mode == "on" else "quorum"}
        world.configure(chance.choice([{}, {"synchronous_mode": False}, {**on, "pause": True}]))
        world.at(lasts, world.configure, on)
    elif fault == "switchover":
        world.etcd.put("failover", json.dumps({"leader": victim, "member": chance.choice(others)}))
        world.at(min(lasts, 3), world.etcd.put, "failover", "{}")
    world.cut |= pairs
    world.at(lasts, world.cut.difference_update, pairs)


def run(seed, faults=FAULTS):
    """One schedule to its end: faults for a while, then all is well again."""
    chance = random.Random(seed)
    world = World(seed, size=chance.choice([3, 3, 3, 5]), mode=chance.choice(["quorum", "quorum", "on"]))
    time = chance.uniform(1, 3)
    for _ in range(chance.randint(1, 5)):
        world.run(time)
        fail(world, chance, faults)
        time += chance.choice([chance.uniform(0.1, 3), chance.uniform(2, 12)])
    world.run(time + 12)
    world.heal()
    world.configure({"synchronous_mode": True if world.mode == "on" else "quorum"})
    world.etcd.put("failover", "{}")
    world.run(time + 45)
    before = len(world.acknowledged)
    world.run(time + 50)
    leader = world.members[leader_of(world)]
    world.check_log(leader)
    if len(world.acknowledged) == before:
        raise AssertionError(f"all is well for a minute, but nothing is acknowledged: {leader.name} leads")
    return world


def quietly(function, *arguments):
    """Without what the voters say."""
    with contextlib.redirect_stdout(io.StringIO()):
        return function(*arguments)


def failures(seeds, wanted, faults):
    """The first seed at which the wanted kind of failure is seen."""
    for seed in seeds:
        try:
            quietly(run, seed, faults)
        except wanted as failure:
            return seed, str(failure)
        except AssertionError:
            pass
    return None


class WhateverFails(unittest.TestCase):
    def test_nothing_acknowledged_is_lost_and_no_reachable_leader_is_ended(self):
        seeds = [int(os.environ["VOTER_SEED"])] if "VOTER_SEED" in os.environ else range(SCHEDULES)
        ended = handed_on = acknowledged = 0
        for seed in seeds:
            try:
                world = quietly(run, seed)
            except AssertionError as failure:
                self.fail(f"seed {seed}: {type(failure).__name__}: {failure}")
            ended, handed_on = ended + world.terms_ended, handed_on + world.handed_on
            acknowledged += len(world.acknowledged)
        print(f"{len(seeds)} schedules: {ended} terms ended, {handed_on} handed on, {acknowledged} commits acknowledged")
        if len(seeds) >= 100:
            # Else nothing was tried.
            self.assertGreater(handed_on, len(seeds) / 5)

    def test_a_lost_host_is_replaced_within_seconds(self):
        for seed in range(20):
            world = World(seed)
            quietly(world.run, 2)
            world.lose("postgres-0")
            quietly(world.run, 12)
            self.assertNotEqual("postgres-0", leader_of(world))
            self.assertTrue(world.members[leader_of(world)].primary, f"seed {seed}")


def mutated(target, name, change):
    return mock.patch.object(target, name, change)


class ARuleThatIsLeftOut(unittest.TestCase):
    """Each part of the rule is needed: without it schedules find a failure, the rarer ones from a seed on that is known to."""

    def assert_found(self, kind, *mutations, faults=UNPLANNED, first=0):
        with contextlib.ExitStack() as stack:
            for mutation in mutations:
                stack.enter_context(mutation)
            found = failures(range(first, first + 5000), kind, faults)
        self.assertIsNotNone(found, "no schedule found it")
        print(f"{self.id().rsplit('.', 1)[-1]}: seed {found[0]}: {found[1]}")

    def test_pledges(self):
        """Anyone leads, while others may still receive from the old leader."""
        def at_once(view):
            return (sorted(view.sync.standbys)[0], ()) if voter_rules.is_interregnum(view) else None

        self.assert_found(LostWrite, mutated(voter, "successor", at_once))

    def test_a_pledge_of_being_cut_off(self):
        original = World._voter

        def trusting(world, name):
            made = original(world, name)
            member = world.members[name]
            made.standby.received = lambda: Received(member.timeline, len(member.log)) if member.up else None
            return made

        self.assert_found(LostWrite, mutated(World, "_voter", trusting))

    def test_more_pledges_than_the_quorum(self):
        def any_one(view):
            if not voter_rules.is_interregnum(view):
                return None
            given = [p for p in view.pledges if p.interregnum == view.leader_changed]
            return (given[0].member, tuple(given[:1])) if given else None

        self.assert_found(LostWrite, mutated(voter, "successor", any_one))

    def test_the_one_that_has_most(self):
        original = voter_rules.successor

        def least(view):
            found = original(view)
            return found and (min(found[1], key=lambda p: p.received).member, found[1])

        self.assert_found(LostWrite, mutated(voter, "successor", least))

    def test_the_newest_timeline(self):
        """A leader of before may have written more than its successor, when nobody followed it any more."""
        original = voter_rules.successor

        def longest(view):
            found = original(view)
            return found and (max(found[1], key=lambda p: p.received.end).member, found[1])

        self.assert_found(LostWrite, mutated(voter, "successor", longest), first=100)

    def test_a_successor_that_is_lost_at_once(self):
        """Before it has written to the key "sync": else Patroni elects, by length alone."""
        original = voter_rules.votes_to_end

        def later(view, voters):
            return original(view, voters) if view.leadership and view.leadership.member == view.sync.leader else ()

        self.assert_found(LostWrite, mutated(voter, "votes_to_end", later), first=100)

    def test_the_key_sync_is_written_with_the_term(self):
        original = voter_ballot.Ballot._transact

        def without(ballot, compare, success):
            return original(ballot, compare, [r for r in success if r["request_put"]["key"] != ballot._patroni_key("sync")])

        untouched = lambda view: voter_rules.may_act(view) and view.leadership.member == voter_rules.NOBODY
        self.assert_found(
            LostWrite,
            mutated(voter_ballot.Ballot, "_transact", without),
            *[mutated(module, "is_interregnum", untouched) for module in (voter, voter_rules)],
            first=230,
        )

    def test_what_was_decided_on_still_stands(self):
        unseen = mutated(voter_ballot.Ballot, "_as_seen", lambda ballot, view: [])
        self.assert_found((LostWrite, Violation), unseen, faults=("deaf", "configure"), first=3700)

    def test_synchronous_commits(self):
        careless = lambda view: view.leadership is not None and view.sync is not None
        self.assert_found((LostWrite, Violation), mutated(voter_rules, "may_act", careless))

    def test_a_majority(self):
        def one(view, voters):
            return tuple(v for v in view.votes if v.against == view.leadership)

        self.assert_found(Violation, mutated(voter, "votes_to_end", one))

    def test_votes_that_end(self):
        self.assert_found(
            Violation,
            mutated(voter_ballot, "VOTE_TTL", 1000),
            mutated(voter_ballot.Ballot, "withdraw", lambda ballot, kind: None),
        )

    def test_patience(self):
        at_once = lambda suspicion, started, ended, leadership, look: leadership is not None and look in ("silent", "refuses")
        self.assert_found(Violation, mutated(voter_rules.Suspicion, "observe", at_once), first=300)


if __name__ == "__main__":
    unittest.main(verbosity=2)
