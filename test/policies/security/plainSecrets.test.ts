import { describe, expect, it } from "vitest";
import { NotYetKnown, notYetKnown } from "../../../policies/read/values.ts";
import { plainSecretViolations } from "../../../policies/rules/security/plainSecrets.ts";
import { secretIn } from "../../../policies/rules/security/secretShapes.ts";

const violations = (name: string, value: string | typeof notYetKnown) =>
  plainSecretViolations({ name, place: `variable "${name}"`, value });
/** Made for this test only. */
const password = "q7Zt2LmX9vKd4RsW8bNc3HgY6pJf5TaE";
const hexadecimal = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

describe("no secret stands in plain text", () => {
  it.each([
    ["LOG_LEVEL", "INFO"],
    ["DB_PASSWORD_FILE", "/run/secrets/db"],
    ["SECRET_KEY", ""],
    ["SSL_KEY", "/etc/tls/tls.key"],
    ["REDIS_PASSWORD", "$(REDIS_PASSWORD)"],
    ["ACCESS_TOKEN_EXPIRE_MINUTES", "60"],
    ["CODE_MAX_TOKENS", "1024"],
    ["CELERY_BROKER_URL", "redis://redis-haproxy.dify-data.svc.cluster.local:6379/1"],
    ["DATABASE_URL", "postgresql://dify:${DB_PASSWORD}@pgbouncer:6432/dify"],
    ["IMAGE", `redis@sha256:${hexadecimal}`],
    ["redis.conf", "maxmemory-policy noeviction\n# requirepass comes from a Secret\ntls-key-file /tls/tls.key"],
    ["patroni.yml", "restapi:\n  keyfile: /tls/tls.key\n  password_encryption: scram-sha-256"],
    ["save.sh", "token=$(cat /run/token)\nREDISCLI_AUTH=$REDIS_PASSWORD redis-cli ping"],
    ["bootstrap.sql", "ALTER ROLE dify PASSWORD :'dify_password';"],
    ["args", "--initial-cluster-token=dify-etcd"],
    ["affinity", "requiredDuringSchedulingIgnoredDuringExecution"],
    ["ca.crt", `-----BEGIN CERTIFICATE-----\n${password}${password}\n-----END CERTIFICATE-----`],
  ])("accepts %s=%j", (name, value) => expect(violations(name, value)).toEqual([]));

  it.each([
    ["a password by its name", "DB_PASSWORD", "hunter2"],
    ["a key by its name", "SECRET_KEY", "sk-dify"],
    ["an API key in camel case", "apiKey", "abc"],
    ["a token by its name", "PLUGIN_TOKEN", "abc"],
    ["an address with a password", "BROKER", "redis://:hunter2@redis:6379/1"],
    ["a random password", "VALUE", password],
    ["a base64 key", "VALUE", "kX2vM9/7TqLw3+RzPb8YdN5cHs1JfG4uKe6WmAo0ViE="],
    ["a hexadecimal key", "VALUE", hexadecimal],
    ["a private key", "tls.pem", "-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----"],
    ["a password in a configuration file", "redis.conf", "maxmemory 1gb\nrequirepass hunter2"],
    ["a password in YAML", "patroni.yml", "superuser:\n  username: postgres\n  password: hunter2"],
    ["a password on a command line", "args", "--password=hunter2"],
    ["what Pulumi keeps secret", "haproxy.cfg", "tcp-check send [secret]"],
  ])("refuses %s, without repeating it", (_, name, value) => {
    const found = violations(name, value);
    expect(found).toHaveLength(1);
    expect(found[0]).not.toMatch(/hunter2|q7Zt2|kX2vM9|9f86d0|sk-dify|MHc/);
  });

  it("refuses a value that is not yet known where a secret's name stands over it", () =>
    expect(violations("DB_PASSWORD", notYetKnown)).toHaveLength(1));

  it("says that any other value that is not yet known cannot be checked", () =>
    expect(() => violations("ca.crt", notYetKnown)).toThrow(NotYetKnown));

  it("takes random text for what it is, and words for words", () => {
    expect(secretIn(`key=${password}`)).toBeDefined();
    expect(secretIn("https://github.com/dify-ha/docs/OperatingOnYourOwnClusterWithTheOfficialCLI")).toBeUndefined();
    expect(secretIn("/var/lib/postgresql/17/main/base/16384")).toBeUndefined();
  });
});
