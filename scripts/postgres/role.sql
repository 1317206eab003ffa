-- A role that may log in and nothing else. Variable: role. Environment: ROLE_PASSWORD, empty to leave the password as it is.
\getenv password ROLE_PASSWORD

-- A slow or failing statement must not carry the password into the server's log.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = panic;

SELECT format('CREATE ROLE %I', :'role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec

ALTER ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;

SELECT :'password' <> '' AS has_password \gset
\if :has_password
ALTER ROLE :"role" PASSWORD :'password';
\endif
