"""
The clients of Dify 1.15, made of the variables that its pods get and of its own defaults for what these leave out. The libraries
are Dify's: SQLAlchemy over psycopg2, redis-py, kombu (Celery's), boto3.
"""

from urllib.parse import parse_qsl

import boto3
import kombu
import redis
from botocore.client import Config
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel
from sqlalchemy import URL, create_engine

# Prefix of the plugin daemon's variables: many have the same names as the API's.
DAEMON = "DAEMON_"


def database(env):
    """Dify's database through the pooler (configs/middleware: SQLAlchemyEngineOptionsDict)."""
    query = dict(parse_qsl(env.get("DB_EXTRAS", "")))
    # Under gevent, as Dify runs, it has no effect.
    query.pop("connect_timeout", None)
    return create_engine(
        _url(env, "", query),
        pool_size=int(env.get("SQLALCHEMY_POOL_SIZE", 30)),
        max_overflow=int(env.get("SQLALCHEMY_MAX_OVERFLOW", 10)),
        pool_recycle=int(env.get("SQLALCHEMY_POOL_RECYCLE", 3600)),
        pool_pre_ping=env.get("SQLALCHEMY_POOL_PRE_PING", "false") == "true",
        connect_args={"options": "-c timezone=UTC"},
    )


def plugin_database(env):
    """
    The plugin daemon's database. Go's pool asks a connection that has idled for a second whether it lives, which is what
    SQLAlchemy's question before each use comes nearest to; Go keeps connections alive at 15 s, nine times.
    """
    query = {"sslmode": env[f"{DAEMON}DB_SSL_MODE"], "keepalives_idle": "15", "keepalives_interval": "15", "keepalives_count": "9"}
    if limit := env.get(f"{DAEMON}PGCONNECT_TIMEOUT"):
        query["connect_timeout"] = limit
    return create_engine(
        _url(env, DAEMON, query),
        pool_size=int(env[f"{DAEMON}DB_MAX_OPEN_CONNS"]),
        max_overflow=0,
        pool_recycle=int(env.get(f"{DAEMON}DB_CONN_MAX_LIFETIME", 3600)),
        pool_pre_ping=True,
    )


def _url(env, prefix, query):
    return URL.create(
        "postgresql+psycopg2",
        username=env[f"{prefix}DB_USERNAME"],
        password=env[f"{prefix}DB_PASSWORD"],
        host=env[f"{prefix}DB_HOST"],
        port=int(env[f"{prefix}DB_PORT"]),
        database=env[f"{prefix}DB_DATABASE"],
        query=query,
    )


def _connection_health(env):
    """Retries and limits of every Redis client but Celery's (extensions/ext_redis.py, _get_connection_health_params)."""
    backoff = ExponentialWithJitterBackoff(
        base=float(env.get("REDIS_RETRY_BACKOFF_BASE", 1)), cap=float(env.get("REDIS_RETRY_BACKOFF_CAP", 10))
    )
    return {
        "retry": Retry(backoff, int(env.get("REDIS_RETRY_RETRIES", 3))),
        "socket_timeout": float(env.get("REDIS_SOCKET_TIMEOUT", 5)),
        "socket_connect_timeout": float(env.get("REDIS_SOCKET_CONNECT_TIMEOUT", 5)),
        "health_check_interval": int(env.get("REDIS_HEALTH_CHECK_INTERVAL", 30)),
    }


def cache(env):
    """Redis for keys: by Sentinel where the settings say so."""
    access = {"password": env["REDIS_PASSWORD"], "db": int(env["REDIS_DB"]), "protocol": 3, **_connection_health(env)}
    if env.get("REDIS_USE_SENTINEL") != "true":
        return redis.Redis(host=env["REDIS_HOST"], port=int(env["REDIS_PORT"]), **access)
    addresses = [address.rsplit(":", 1) for address in env["REDIS_SENTINELS"].split(",")]
    sentinel = Sentinel(
        [(host, int(port)) for host, port in addresses],
        sentinel_kwargs={
            "socket_timeout": float(env["REDIS_SENTINEL_SOCKET_TIMEOUT"]),
            "password": env["REDIS_SENTINEL_PASSWORD"],
        },
    )
    return sentinel.master_for(env["REDIS_SENTINEL_SERVICE_NAME"], **access)


def event_bus(env):
    """Redis for the events of runs: a client that takes one URL and knows no Sentinel."""
    return redis.Redis.from_url(env["EVENT_BUS_REDIS_URL"], **_connection_health(env))


def broker(env):
    """
    Celery's connection to its broker (extensions/ext_celery.py). Dify limits the time of Sentinels' answers alone: on the master
    kombu's own default holds, which is to wait for ever.
    """
    options = {}
    if env.get("CELERY_USE_SENTINEL") == "true":
        options = {
            "master_name": env["CELERY_SENTINEL_MASTER_NAME"],
            "sentinel_kwargs": {
                "socket_timeout": float(env["CELERY_SENTINEL_SOCKET_TIMEOUT"]),
                "password": env["CELERY_SENTINEL_PASSWORD"],
            },
        }
    return kombu.Connection(env["CELERY_BROKER_URL"], transport_options=options)


def storage(env):
    """(client, bucket) of Dify's files, with boto3's own retries and limits (extensions/storage/aws_s3_storage.py)."""
    client = boto3.client(
        "s3",
        endpoint_url=env["S3_ENDPOINT"],
        region_name=env["S3_REGION"],
        aws_access_key_id=env["S3_ACCESS_KEY"],
        aws_secret_access_key=env["S3_SECRET_KEY"],
        config=Config(s3={"addressing_style": env["S3_ADDRESS_STYLE"]}),
    )
    return client, env["S3_BUCKET_NAME"]
