-- Rights of the role of backups, which proves itself by certificate: it reads everything, writes nothing, and names instants in the log.
GRANT pg_read_all_data TO backup;
GRANT CONNECT ON DATABASE dify, dify_plugin TO backup;
-- Each database has its own rights of functions.
\connect dify
GRANT EXECUTE ON FUNCTION pg_create_restore_point(text), pg_switch_wal() TO backup;
