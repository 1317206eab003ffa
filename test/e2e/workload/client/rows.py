"""Rows written and read through the pooler."""

from sqlalchemy import text

from stream import Stream, Verdict


class Rows(Stream):
    """One row a transaction; acknowledged when the commit has returned."""

    def __init__(self, name, engine, workers, interval):
        self.name, self.workers, self.interval = name, workers, interval
        self.engine = engine
        self.newest = None

    def prepare(self):
        self.clean()
        with self.engine.begin() as connection:
            connection.execute(text("CREATE TABLE workload_rows (id bigint PRIMARY KEY, written timestamptz DEFAULT now())"))

    def step(self, number):
        with self.engine.begin() as connection:
            connection.execute(text("INSERT INTO workload_rows (id) VALUES (:id)"), {"id": number})
        self.newest = number
        return number

    def verify(self, acknowledged):
        with self.engine.connect() as connection:
            there = set(connection.execute(text("SELECT id FROM workload_rows")).scalars())
        written = acknowledged(self.name)
        # Committed, but its client never heard of it: allowed, and told because it explains a row too many.
        return Verdict(sorted(written - there), {"unheard": len(there - written)})

    def clean(self):
        with self.engine.begin() as connection:
            connection.execute(text("DROP TABLE IF EXISTS workload_rows"))


class RowReads(Stream):
    """Reads the row that was acknowledged last; that it is not there is an error."""

    def __init__(self, name, rows, workers, interval):
        self.name, self.workers, self.interval = name, workers, interval
        self.rows = rows

    def step(self, number):
        wanted = self.rows.newest
        if wanted is None:
            return None
        with self.rows.engine.connect() as connection:
            found = connection.execute(text("SELECT id FROM workload_rows WHERE id = :id"), {"id": wanted}).scalar()
        if found != wanted:
            raise LookupError(f"row {wanted} was acknowledged and is not there")
        return number
