"""Rows of every table at one instant, counted when writers are at work again: what a restore is compared with. Standard library only."""

import time

from session import Failure, Session

# Smallest first: what cannot be counted in time is left out.
TABLES = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' ORDER BY pg_relation_size(c.oid)
"""


class RowCounts:
    """A connection to each database, whose transaction sees the instant at which it was marked."""

    def __init__(self, databases):
        self.sessions = {database: Session(f"database {database}", {"PGDATABASE": database}) for database in databases}

    def check(self, seconds):
        """@raises Failure when one does not answer"""
        for session in self.sessions.values():
            session.ask("SELECT 1", seconds)

    def mark(self, deadline):
        """Quick: nothing is counted yet. @raises Failure"""
        for session in self.sessions.values():
            # The first query is what fixes the instant.
            session.ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1", deadline - time.monotonic())

    def count(self, seconds):
        """Rows by database and table, as far as they can be counted in so many seconds; and what could not be."""
        deadline, counts, problems = time.monotonic() + seconds, {}, []
        for database, session in self.sessions.items():
            counts[database] = {}
            try:
                for table in session.ask(TABLES, deadline - time.monotonic()):
                    (rows,) = session.ask(f"SELECT count(*) FROM {table}", deadline - time.monotonic())
                    counts[database][table] = int(rows)
            except Failure as failure:
                problems.append(str(failure))
        return counts, problems

    def close(self):
        for session in self.sessions.values():
            session.close()
