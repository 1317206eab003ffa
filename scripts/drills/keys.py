"""Reads what Dify encrypted, with what was restored: rows from the restored Postgres, keys of tenants from the restored bucket. Redis, which has some of
those keys for a while, is not asked. See scripts/drills/drill.py.

Environment: BIN_DIR; <SITE>_BACKUPS_ACCESS_KEY, <SITE>_BACKUPS_SECRET_KEY of the site; FINGERPRINTS: JSON, SHA-256 by name of the secrets in use.
"""

import json
import os

from dify_keys import Unreadable, decrypted, is_pair
from drill import Failed, check, left, settings, step
from objects import Copies
from s3 import Bucket, StoreError
from scratch_postgres import DATA, ScratchPostgres

DATABASE = "dify"
# How a value begins that is encrypted: "HYBRID:" in base64.
ENCRYPTED = "SFlCUklEO"
TENANTS = "SELECT id, encode(convert_to(coalesce(encrypt_public_key, ''), 'UTF8'), 'hex') FROM public.tenants ORDER BY random() LIMIT {most}"
# Of Dify since 1.8, and of those before.
STORED = {"provider_credentials": "", "providers": " AND provider_type = 'custom'"}
CREDENTIALS = "SELECT tenant_id, encode(convert_to(encrypted_config, 'UTF8'), 'hex') FROM public.{table} WHERE encrypted_config <> ''{where} ORDER BY random() LIMIT {most}"


def has(server, table):
    return server.ask(f"SELECT to_regclass('public.{table}') IS NOT NULL", DATABASE) == ["t"]


def text_of(hexadecimal):
    return bytes.fromhex(hexadecimal).decode()


def compare_migrations(server, record):
    """@raises Failed when Dify's migrations stand elsewhere than at the instant"""
    heads = server.ask("SELECT version_num FROM public.alembic_version", DATABASE) if has(server, "alembic_version") else []
    head, wanted = (heads[0] if heads else None), record["postgres"]["alembicHead"]
    if head != wanted:
        raise Failed(f"Alembic's head is {head or 'none'}, and was {wanted or 'none'} at the instant")
    return f"Alembic's head is {head}" if head else "no migration had run yet"


class TenantKeys:
    """Private keys out of the restored bucket."""

    def __init__(self, copies):
        self.copies, self.known = copies, {}

    def of(self, tenant):
        """@raises Failed"""
        if tenant not in self.known:
            self.known[tenant] = self.copies.text(f"privkeys/{tenant}/private.pem")
        return self.known[tenant]


def problem_of_keys(keys, tenant, public):
    """What is wrong with a tenant's key pair; None when nothing is."""
    try:
        return None if is_pair(keys.of(tenant), public) else "its private key does not belong to the public one in tenants"
    except (Unreadable, Failed, StoreError) as error:
        return str(error)


def read_credential(keys, tenant, config):
    """How many values of a credential were decrypted. @raises Unreadable, Failed"""
    values = [value for value in json.loads(config).values() if isinstance(value, str) and value.startswith(ENCRYPTED)]
    for value in values:
        decrypted(value, keys.of(tenant))
    return len(values)


def read_credentials(server, keys, most):
    """@raises Failed when one cannot be read, or a key is not its tenant's"""
    if not has(server, "tenants"):
        return "there is no tenant yet"
    wrong, values = [], 0
    tenants = [line.split("|") for line in server.ask(TENANTS.format(most=most), DATABASE)]
    for tenant, public in tenants:
        if public and (problem := problem_of_keys(keys, tenant, text_of(public))):
            wrong.append(f"tenant {tenant}: {problem}")
    table = next((name for name in STORED if has(server, name)), None)
    rows = server.ask(CREDENTIALS.format(table=table, where=STORED[table], most=most), DATABASE) if table else []
    for tenant, config in (row.split("|") for row in rows):
        try:
            values += read_credential(keys, tenant, text_of(config))
        except (Unreadable, Failed, StoreError, ValueError) as error:
            wrong.append(f"a credential of tenant {tenant}: {error}")
    if wrong:
        raise Failed(f"{len(wrong)} problems: {'; '.join(wrong[:5])}. Without the key that it was encrypted with nobody can read a credential: look for former versions of privkeys/ in the bucket")
    read = f"{values} values of {len(rows)} credentials were decrypted" if values else "no credential is stored"
    return f"{len(tenants)} tenants have the keys that belong together; {read}"


def compare_fingerprints(record):
    """@raises Failed when the stack has another secret than the one that the record knows"""
    own, known = json.loads(os.environ["FINGERPRINTS"]), record["fingerprints"]
    others = sorted(name for name in own.keys() & known.keys() if own[name] != known[name])
    if "difySecretKey" not in known:
        raise Failed(f"record {record['id']} has no fingerprint of it")
    if others:
        raise Failed(f"{', '.join(others)}: another one now than at the instant. What was encrypted then cannot be read with it: the bundle of secrets has the former (docs/backup.md)")
    same = sorted(own.keys() & known.keys() - {"difySecretKey"})
    return f"its SHA-256 is {own['difySecretKey'][:12]}..., as in the record{'; so are those of ' + ', '.join(same) if same else ''}"


def work():
    record, given = left("record"), settings()
    if record is None:
        return
    with check("SECRET_KEY is the one that was in use") as found:
        found.detail = compare_fingerprints(record)
    if left("rto") is None or not os.path.exists(f"{DATA}/PG_VERSION"):
        return
    place = given["sites"][given["site"]]
    with ScratchPostgres(given["seconds"]) as server:
        with check("migrations are where they were") as found:
            found.detail = compare_migrations(server, record)
        with check("credentials are read with the tenants' keys") as found:
            part = next((each for each in record["buckets"] if each["bucket"] == given["difyBucket"]), None)
            if part is None:
                raise Failed(f"record {record['id']} is without bucket {given['difyBucket']}")
            keys = TenantKeys(Copies(Bucket(place, place["backups"], f"{given['site'].upper()}_BACKUPS"), part))
            found.detail = read_credentials(server, keys, given["sample"])


if __name__ == "__main__":
    step(work)
