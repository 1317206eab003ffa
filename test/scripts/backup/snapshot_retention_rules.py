"""Which snapshots go: run by volumeRules.test.ts."""

import random
import unittest

from snapshot_retention import DAY, Snapshot, expired, leftovers, newest, read

NOW = 1_800_000_000


def snapshot(days, good=True, error="", name=None):
    taken = NOW - days * DAY
    return Snapshot(name or f"data-{days}", "data", "run", taken, taken, good, error)


def names(snapshots):
    return [s.name for s in snapshots]


class Expired(unittest.TestCase):
    def test_keeps_what_is_young_enough_and_among_the_newest(self):
        self.assertEqual(names(expired([snapshot(d) for d in range(7)], NOW, 7, 14)), [])

    def test_lets_go_by_days_oldest_first(self):
        self.assertEqual(names(expired([snapshot(d) for d in (0, 9, 1, 8, 10)], NOW, 7, 14)), ["data-10", "data-9", "data-8"])

    def test_lets_go_by_number_oldest_first(self):
        self.assertEqual(names(expired([snapshot(d) for d in (3, 1, 0, 2)], NOW, 7, 2)), ["data-3", "data-2"])

    def test_never_lets_the_newest_good_one_go(self):
        self.assertEqual(expired([snapshot(400)], NOW, 7, 1), [])
        self.assertEqual(names(expired([snapshot(400), snapshot(500)], NOW, 1, 1)), ["data-500"])

    def test_counts_none_that_is_not_good(self):
        others = [snapshot(0, good=False), snapshot(1, good=False, error="no space")]
        self.assertEqual(expired([snapshot(30), *others], NOW, 7, 1), [])

    def test_holds_for_any_history(self):
        chance = random.Random(8)
        for _ in range(2000):
            history = [
                snapshot(chance.randrange(60), chance.random() < 0.7, name=f"data-{i}") for i in range(chance.randrange(20))
            ]
            days, keep = chance.randrange(1, 30), chance.randrange(1, 12)
            gone = expired(history, NOW, days, keep)
            good = [s for s in history if s.good]
            kept = [s for s in good if s not in gone]
            self.assertTrue(all(s.good for s in gone))
            self.assertEqual([s.taken for s in gone], sorted(s.taken for s in gone))
            self.assertLessEqual(len(kept), keep)
            if good:
                self.assertIn(newest(history), kept)
                self.assertEqual(max(s.taken for s in good), newest(history).taken)
            self.assertTrue(all(s.taken >= NOW - days * DAY for s in kept if s != newest(history)))
            self.assertTrue(all(g.taken <= k.taken for g in gone for k in kept))


class Leftovers(unittest.TestCase):
    def test_are_what_no_run_can_be_waiting_for(self):
        found = leftovers([snapshot(1, False), snapshot(2, False, "no space"), snapshot(0, False), snapshot(3)], NOW, 3600)
        self.assertEqual(names(found), ["data-2", "data-1"])


class Read(unittest.TestCase):
    def item(self, status=None, **metadata):
        return {
            "metadata": {"name": "data-1", "creationTimestamp": "2026-11-22T08:00:00Z", "labels": {}, **metadata},
            "spec": {"source": {"persistentVolumeClaimName": "data"}},
            **({"status": status} if status is not None else {}),
        }

    def test_is_good_only_when_it_can_be_used(self):
        self.assertTrue(read(self.item({"readyToUse": True})).good)
        for status in (None, {}, {"readyToUse": False}, {"readyToUse": True, "error": {"message": "lost"}}, {"error": {}, "boundVolumeSnapshotContentName": "x"}):
            self.assertFalse(read(self.item(status)).good, status)

    def test_is_as_old_as_what_it_holds(self):
        held = read(self.item({"readyToUse": True, "creationTime": "2026-11-20T08:00:00Z"}))
        self.assertEqual(held.made - held.taken, 2 * DAY)
        self.assertEqual(read(self.item()).taken, read(self.item()).made)

    def test_leaves_out_what_is_being_deleted(self):
        self.assertIsNone(read(self.item({"readyToUse": True}, deletionTimestamp="2026-11-22T09:00:00Z")))


if __name__ == "__main__":
    unittest.main()
