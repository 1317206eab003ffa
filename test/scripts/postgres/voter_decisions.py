"""When a voter votes, whose votes count, and who leads next. Run by voter.test.ts with scripts/postgres on Python's path."""

import base64
import dataclasses
import unittest

from voter_rules import (
    ACCEPTS, REFUSES, SILENT, Settled, Suspicion, is_suspect, may_resign, must_pledge, successor, votes_to_end
)
from voter_view import NOBODY, Leadership, Pledge, Received, Synchronous, View, Vote, view_of

leader = Leadership("postgres-0", 7)
next_term = Leadership("postgres-0", 9)
members = frozenset(["postgres-0", "postgres-1", "postgres-2"])
both = frozenset(["postgres-1", "postgres-2"])
well = View(leader, 7, 7, sync=Synchronous("postgres-0", both, 1, "", 5), synchronous=True)


def seen(*votes, **changes):
    return dataclasses.replace(well, votes=votes, **changes)


def vote(voter, against=leader, revision=1):
    return Vote(voter, against, revision)


def sync(standbys, quorum, who="postgres-0"):
    return Synchronous(who, frozenset(standbys), quorum, "", 5)


class ALeaderIsSuspected(unittest.TestCase):
    def looks(self, *times, seen=SILENT):
        suspicion = Suspicion(2, 0.8)
        return [suspicion.observe(at, at, leader, seen) for at in times]

    def test_after_it_was_unreachable_long_enough(self):
        self.assertEqual([False, False, False, True], self.looks(10.0, 10.5, 11.9, 12.0))

    def test_not_after_fewer_than_three_looks(self):
        self.assertEqual([False, False, True], self.looks(10.0, 12.0, 12.1))

    def test_sooner_when_its_host_says_that_nothing_listens(self):
        self.assertEqual([False, True], self.looks(10.0, 10.8, seen=REFUSES))

    def test_not_sooner_when_it_refused_only_at_last(self):
        suspicion = Suspicion(2, 0.8)
        seen = {10.0: SILENT, 10.4: REFUSES, 10.8: SILENT, 11.2: REFUSES, 11.6: REFUSES}
        self.assertFalse(any(suspicion.observe(at, at, leader, look) for at, look in seen.items()))

    def test_not_when_it_answered_in_between(self):
        suspicion = Suspicion(2, 0.8)
        for at in (10.0, 10.5):
            suspicion.observe(at, at, leader, SILENT)
        suspicion.observe(11.0, 11.0, leader, ACCEPTS)
        self.assertFalse(suspicion.observe(12.5, 12.5, leader, SILENT))

    def test_not_when_nothing_can_be_said(self):
        self.assertEqual([False] * 4, self.looks(10.0, 11.0, 12.0, 13.0, seen=None))

    def test_anew_in_every_term(self):
        suspicion = Suspicion(2, 0.8)
        for at in (10.0, 11.0, 12.0):
            suspicion.observe(at, at, leader, SILENT)
        self.assertFalse(suspicion.observe(12.5, 12.5, next_term, SILENT))

    def test_anew_after_the_voter_itself_stood_still(self):
        self.assertEqual([False, False, False, False], self.looks(10.0, 10.5, 60.0, 60.5))

    def test_only_by_others_who_may_act(self):
        self.assertTrue(is_suspect(well, "postgres-1"))
        self.assertFalse(is_suspect(well, "postgres-0"))


class VotesEndATerm(unittest.TestCase):
    enough = (vote("postgres-1"), vote("postgres-2"))

    def assert_ends(self, ends, view, of=members):
        self.assertEqual(ends, len(votes_to_end(view, of)) > 0)

    def test_when_they_are_a_majority(self):
        self.assert_ends(True, seen(*self.enough))

    def test_not_when_there_is_one_of_three(self):
        self.assert_ends(False, seen(vote("postgres-1")))

    def test_not_when_there_are_two_of_five(self):
        self.assert_ends(False, seen(*self.enough), members | {"postgres-3", "postgres-4"})

    def test_only_against_the_present_term(self):
        self.assert_ends(False, seen(vote("postgres-1"), vote("postgres-2", next_term)))

    def test_only_once_a_voter(self):
        self.assert_ends(False, seen(vote("postgres-1"), vote("postgres-1", revision=2)))

    def test_not_when_the_leader_votes_against_itself(self):
        self.assert_ends(False, seen(vote("postgres-0"), vote("postgres-1")))

    def test_not_of_strangers(self):
        self.assert_ends(False, seen(vote("postgres-1"), vote("somebody")))

    def test_not_when_nobody_leads(self):
        self.assert_ends(False, seen(*self.enough, leadership=None))

    def test_not_while_the_cluster_is_paused_for_maintenance(self):
        self.assert_ends(False, seen(*self.enough, paused=True))

    def test_not_while_a_switchover_is_going_on(self):
        self.assert_ends(False, seen(*self.enough, switching=True))

    def test_not_when_commits_are_asynchronous(self):
        self.assert_ends(False, seen(*self.enough, synchronous=False))

    def test_not_when_the_leader_acknowledges_alone(self):
        self.assert_ends(False, seen(*self.enough, sync=sync([], 0)))
        self.assert_ends(False, seen(*self.enough, sync=None))

    def test_of_a_standby_that_leads_and_has_not_yet_said_whom_its_commits_wait_for(self):
        self.assert_ends(True, seen(*self.enough, sync=sync(["postgres-0", "postgres-1"], 1, "postgres-2")))

    def test_not_of_a_leader_that_was_no_synchronous_standby(self):
        self.assert_ends(False, seen(*self.enough, sync=sync(both, 1, "postgres-2")))

    def test_not_when_no_leader_could_be_found_among_them(self):
        self.assert_ends(False, seen(*self.enough, sync=sync(["postgres-1", "postgres-3"], 1)))
        self.assert_ends(True, seen(*self.enough, sync=sync(["postgres-1"], 0)))


class ALeaderResigns(unittest.TestCase):
    def test_alone(self):
        self.assertTrue(may_resign(well, "postgres-0"))
        self.assertFalse(may_resign(well, "postgres-1"))

    def test_not_when_nobody_can_follow_it(self):
        for change in ({"sync": sync([], 0)}, {"synchronous": False}, {"paused": True}, {"switching": True}):
            self.assertFalse(may_resign(dataclasses.replace(well, **change), "postgres-0"))


class TheNextLeader(unittest.TestCase):
    ended = dataclasses.replace(
        well, leadership=Leadership(NOBODY, 7), leader_changed=20, sync=dataclasses.replace(well.sync, revision=20)
    )

    def after(self, *pledges, **changes):
        return dataclasses.replace(self.ended, pledges=pledges, **changes)

    def pledge(self, member, received, interregnum=20, timeline=1):
        return Pledge(member, interregnum, Received(timeline, received), 1)

    def test_is_the_one_that_has_most(self):
        found = successor(self.after(self.pledge("postgres-1", 100), self.pledge("postgres-2", 120)))
        self.assertEqual("postgres-2", found[0])
        self.assertEqual(2, len(found[1]))

    def test_waits_for_more_than_the_quorum(self):
        self.assertIsNone(successor(self.after(self.pledge("postgres-2", 120))))

    def test_is_found_among_whom_commits_waited_for(self):
        alone = dataclasses.replace(self.ended.sync, standbys=frozenset(["postgres-1"]), quorum=0)
        pledges = (self.pledge("postgres-1", 100), self.pledge("postgres-2", 120))
        self.assertEqual("postgres-1", successor(self.after(*pledges, sync=alone))[0])

    def test_has_more_when_its_timeline_is_newer(self):
        stray = self.pledge("postgres-2", 900, timeline=1)
        self.assertEqual("postgres-1", successor(self.after(self.pledge("postgres-1", 100, timeline=2), stray))[0])

    def test_needs_pledges_of_this_interregnum(self):
        old = self.pledge("postgres-1", 100, interregnum=19)
        self.assertIsNone(successor(self.after(old, self.pledge("postgres-2", 120))))

    def test_is_nobodys_business_once_the_key_sync_was_written(self):
        pledges = (self.pledge("postgres-1", 100), self.pledge("postgres-2", 120))
        self.assertIsNone(successor(self.after(*pledges, sync=well.sync)))

    def test_is_not_asked_for_while_somebody_leads(self):
        self.assertIsNone(successor(dataclasses.replace(well, pledges=(self.pledge("postgres-1", 1, 7),))))
        self.assertFalse(must_pledge(well, "postgres-1"))

    def test_has_pledges_of_all_who_may_have_commits(self):
        for member in ("postgres-0", "postgres-1", "postgres-2"):
            self.assertTrue(must_pledge(self.ended, member))
        self.assertFalse(must_pledge(self.ended, "postgres-3"))


class AStandbyPledges(unittest.TestCase):
    def test_once_it_has_been_cut_off_for_a_moment(self):
        settled = Settled()
        self.assertFalse(settled.observe(1.0, 20, 100))
        self.assertTrue(settled.observe(1.2, 20, 100))

    def test_not_while_it_still_receives(self):
        settled = Settled()
        settled.observe(1.0, 20, 100)
        self.assertFalse(settled.observe(1.2, 20, 101))
        self.assertFalse(settled.observe(1.3, 20, None))
        self.assertFalse(settled.observe(1.4, 20, 101))


class WhatEtcdHolds(unittest.TestCase):
    def entry(self, key, value, **more):
        code = lambda text: base64.b64encode(text.encode()).decode()
        return {"key": code(key), "value": code(value), "create_revision": "7", "mod_revision": "8", **more}

    def test_is_read_as_patroni_writes_it(self):
        scope = [
            self.entry("/s/leader", "postgres-0"),
            self.entry("/s/config", '{"ttl": 20, "pause": true, "synchronous_mode": "quorum"}'),
            self.entry("/s/failover", '{"leader": "postgres-0"}'),
            self.entry("/s/sync", '{"leader":"postgres-0","sync_standby":"postgres-1,postgres-2","quorum":1}'),
            self.entry(
                "/s/members/postgres-0",
                '{"conn_url": "postgres://a.test:5432/postgres", "api_url": "https://a.test:8008/patroni"}',
            ),
        ]
        ballots = [
            self.entry("/v/votes/postgres-1", '{"leader": "postgres-0", "revision": 7}'),
            self.entry("/v/pledges/postgres-2", '{"interregnum": 5, "timeline": 2, "received": 100}'),
        ]
        view = view_of(scope, ballots, "/s/", "/v/")
        self.assertEqual(leader, view.leadership)
        self.assertEqual((("a.test", 5432), ("a.test", 8008)), view.addresses["postgres-0"])
        self.assertTrue(view.paused and view.synchronous and view.switching)
        self.assertEqual((both, 1, 8), (view.sync.standbys, view.sync.quorum, view.sync.revision))
        self.assertEqual((Vote("postgres-1", leader, 8),), view.votes)
        self.assertEqual((Pledge("postgres-2", 5, Received(2, 100), 8),), view.pledges)

    def test_knows_a_term_that_voters_began(self):
        ballots = [self.entry("/v/handover", "postgres-0", mod_revision="30")]
        view = view_of([self.entry("/s/leader", "postgres-0")], ballots, "/s/", "/v/")
        self.assertEqual(Leadership("postgres-0", 30), view.leadership)

    def test_a_switchover_that_is_planned_takes_nothing_away(self):
        planned = '{"leader": "postgres-0", "scheduled_at": "2030-01-01T00:00:00Z"}'
        self.assertFalse(view_of([self.entry("/s/failover", planned)], [], "/s/", "/v/").switching)
        self.assertFalse(view_of([self.entry("/s/failover", "{}")], [], "/s/", "/v/").switching)

    def test_may_be_nonsense(self):
        scope = [self.entry("/s/config", "nonsense"), self.entry("/s/sync", '{"leader": null}')]
        view = view_of(scope, [self.entry("/v/votes/postgres-1", "[1]")], "/s/", "/v/")
        self.assertEqual(((), None, False), (view.votes, view.sync, view.synchronous))


if __name__ == "__main__":
    unittest.main()
