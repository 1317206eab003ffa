"""What figures say of a stream's operations. Run by summary.test.ts with client/ on Python's path."""

import io
import unittest

from recorder import Clock, Operation, Recorder
from summary import figures, longest_gap


def operation(ended, error=None, took=0.1):
    return Operation("rows", int(ended), ended - took, ended, error)


class TheLongestGap(unittest.TestCase):
    def test_lies_between_two_acknowledgements(self):
        self.assertEqual(longest_gap([11, 12, 16, 17], 10, 18), (4, 12))

    def test_counts_from_the_start_and_up_to_the_end(self):
        self.assertEqual(longest_gap([14, 15], 10, 16), (4, 10))
        self.assertEqual(longest_gap([11, 12], 10, 20), (8, 12))

    def test_is_all_of_it_when_nothing_was_acknowledged(self):
        self.assertEqual(longest_gap([], 10, 20), (10, 10))

    def test_does_not_look_beyond_its_limits(self):
        self.assertEqual(longest_gap([1, 11, 12, 30], 10, 13), (1, 10))


class Figures(unittest.TestCase):
    operations = [operation(10), operation(11, "Refused"), operation(15, took=4), operation(16, "Refused again"), operation(17)]

    def test_tell_errors_from_acknowledgements(self):
        found = figures(self.operations, 9, 18)
        self.assertEqual((found["acknowledged"], found["errors"], found["lastSuccess"]), (3, 2, 17))
        self.assertEqual((found["longestGapSeconds"], found["gapAt"], found["slowestSeconds"]), (5, 10, 4))
        self.assertEqual(found["firstErrors"][0], {"at": 11, "text": "Refused"})

    def test_leave_out_what_was_before(self):
        found = figures(self.operations, 14, 18)
        self.assertEqual((found["acknowledged"], found["errors"], found["longestGapSeconds"]), (2, 1, 2))

    def test_of_nothing_are_a_gap_alone(self):
        found = figures([], 14, 18)
        self.assertEqual((found["acknowledged"], found["lastSuccess"], found["longestGapSeconds"]), (0, None, 4))


class Records(unittest.TestCase):
    def setUp(self):
        self.log = io.StringIO()
        self.recorder = Recorder(self.log, Clock())

    def test_tell_what_a_client_said(self):
        self.recorder.attempt("rows", 1, lambda number: number)
        self.recorder.attempt("rows", 2, lambda number: 1 / 0)
        self.assertEqual(self.recorder.acknowledged("rows"), {1})
        self.assertEqual(self.recorder.of("rows")[1].error, "ZeroDivisionError: division by zero")
        self.assertEqual(self.log.getvalue().count("\n"), 2)

    def test_leave_out_that_there_was_nothing_to_do(self):
        self.recorder.attempt("messages", 1, lambda number: None)
        self.assertEqual(self.recorder.of("messages"), [])

    def test_count_as_an_error_what_nobody_answered_and_nothing_after_the_end(self):
        def answered_too_late(number):
            self.recorder.close()
            return number

        self.recorder.attempt("rows", 7, answered_too_late)
        (only,) = self.recorder.of("rows")
        self.assertIn("no answer in", only.error)
        self.assertEqual(self.recorder.acknowledged("rows"), set())


unittest.main()
