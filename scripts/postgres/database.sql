-- A database of one owner, with the extensions that Dify needs. Variables: database, owner.
SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' TEMPLATE template0', :'database', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec

ALTER DATABASE :"database" OWNER TO :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
-- Dify asks for it at every start of a connection, which the pooler ignores.
ALTER DATABASE :"database" SET timezone = 'UTC';

\connect :"database"
ALTER SCHEMA public OWNER TO :"owner";
CREATE EXTENSION IF NOT EXISTS "uuid-ossp" SCHEMA public;
CREATE EXTENSION IF NOT EXISTS vector SCHEMA public;
