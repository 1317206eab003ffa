"""When a voter votes and whose votes count. Run by voter.test.ts with scripts/postgres on Python's path."""

import base64
import unittest

from voter import Suspicion, counted_votes
from voter_ballot import Leadership, View, Vote, view_of

leader = Leadership("postgres-0", 7)
next_term = Leadership("postgres-0", 9)


def view(*votes, leadership=leader, paused=False):
    return View(leadership, {}, votes, paused)


def vote(voter, against=leader, revision=1):
    return Vote(voter, against, revision)


class ALeaderIsSuspected(unittest.TestCase):
    def test_after_it_was_unreachable_long_enough(self):
        suspicion = Suspicion(2)
        self.assertFalse(suspicion.observe(10.0, leader, False))
        self.assertFalse(suspicion.observe(11.9, leader, False))
        self.assertTrue(suspicion.observe(12.0, leader, False))

    def test_not_when_it_answered_in_between(self):
        suspicion = Suspicion(2)
        suspicion.observe(10.0, leader, False)
        suspicion.observe(11.0, leader, True)
        self.assertFalse(suspicion.observe(12.5, leader, False))

    def test_not_when_nothing_can_be_said(self):
        suspicion = Suspicion(2)
        suspicion.observe(10.0, leader, False)
        self.assertFalse(suspicion.observe(13.0, leader, None))

    def test_anew_in_every_term(self):
        suspicion = Suspicion(2)
        suspicion.observe(10.0, leader, False)
        self.assertFalse(suspicion.observe(13.0, next_term, False))


class VotesCount(unittest.TestCase):
    def test_when_they_are_a_majority(self):
        self.assertEqual(2, len(counted_votes(view(vote("postgres-1"), vote("postgres-2")), 3)))

    def test_not_when_there_is_one_of_three(self):
        self.assertEqual((), counted_votes(view(vote("postgres-1")), 3))

    def test_not_when_there_are_two_of_five(self):
        self.assertEqual((), counted_votes(view(vote("postgres-1"), vote("postgres-2")), 5))

    def test_only_against_the_present_term(self):
        self.assertEqual((), counted_votes(view(vote("postgres-1"), vote("postgres-2", next_term)), 3))

    def test_only_once_a_voter(self):
        self.assertEqual((), counted_votes(view(vote("postgres-1"), vote("postgres-1", revision=2)), 3))

    def test_not_when_the_leader_votes_against_itself(self):
        self.assertEqual((), counted_votes(view(vote("postgres-0"), vote("postgres-1")), 3))

    def test_not_while_the_cluster_is_paused_for_maintenance(self):
        self.assertEqual((), counted_votes(view(vote("postgres-1"), vote("postgres-2"), paused=True), 3))

    def test_not_when_nobody_leads(self):
        self.assertEqual((), counted_votes(view(vote("postgres-1"), vote("postgres-2"), leadership=None), 3))


class WhatEtcdHolds(unittest.TestCase):
    def entry(self, key, value, **more):
        code = lambda text: base64.b64encode(text.encode()).decode()
        return {"key": code(key), "value": code(value), "create_revision": "7", "mod_revision": "8", **more}

    def test_is_read_as_patroni_writes_it(self):
        scope = [
            self.entry("/s/leader", "postgres-0"),
            self.entry("/s/config", '{"ttl": 20, "pause": true}'),
            self.entry(
                "/s/members/postgres-0",
                '{"conn_url": "postgres://a.test:5432/postgres", "api_url": "https://a.test:8008/patroni"}',
            ),
        ]
        votes = [self.entry("/v/postgres-1", '{"leader": "postgres-0", "revision": 7}')]
        seen = view_of(scope, votes, "/s/", "/v/")
        self.assertEqual(leader, seen.leadership)
        self.assertEqual((("a.test", 5432), ("a.test", 8008)), seen.addresses["postgres-0"])
        self.assertTrue(seen.paused)
        self.assertEqual((Vote("postgres-1", leader, 8),), seen.votes)

    def test_may_be_nonsense(self):
        seen = view_of([self.entry("/s/config", "nonsense")], [self.entry("/v/postgres-1", "[1]")], "/s/", "/v/")
        self.assertEqual(View(None, {}, (), False), seen)


if __name__ == "__main__":
    unittest.main()
