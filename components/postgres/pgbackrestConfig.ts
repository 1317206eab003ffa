import type { PatroniSettings } from "../../config/postgres.ts";
import { toBytes } from "../../config/units.ts";
import { names, paths, ports, roles, scope, tlsFiles } from "./layout.ts";
import { logShares } from "./sizing.ts";

/** Where a repository lies: an object store, reached over TLS only. */
export interface RepositoryPlace {
  /** URL with scheme and, unless it is 443, port. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly addressing: "path" | "virtual";
  /** File of the authority that signed the store's certificate; the image's own list when left out. */
  readonly authorityFile?: string;
}

const repositoryPath = "/pgbackrest";

/** Where pgBackRest keeps its backups in the bucket: a folder each, called by its label. */
export const backupsFolder = `${repositoryPath.slice(1)}/backup/${scope}`;

/** A place in a file of settings: "[global]" and the lines below it. */
type Section = Readonly<Record<string, string | number>>;

function render(sections: Readonly<Record<string, Section>>): string {
  return Object.entries(sections)
    .map(([name, options]) => {
      const lines = Object.entries(options).map(([option, value]) => `${option}=${value}`);
      return `[${name}]\n${lines.join("\n")}\n`;
    })
    .join("\n");
}

/**
 * Configuration beside a member, which archives into all repositories. The keys of the stores and the ciphers' pass phrases come from the
 * environment: PGBACKREST_REPO1_S3_KEY, PGBACKREST_REPO1_S3_KEY_SECRET, PGBACKREST_REPO1_CIPHER_PASS; REPO2 is off site.
 */
export function memberRepositoryConfig(settings: PatroniSettings, places: readonly RepositoryPlace[]): string {
  const { authority, certificate, key } = tlsFiles(paths.tls);
  return render({
    global: {
      ...repositories(settings, places),
      "spool-path": paths.spool,
      // Log that cannot be archived must not fill the volume and stop Postgres: beyond this it is dropped, with an error in the log.
      "archive-push-queue-max": Math.floor(toBytes(settings.storage) * logShares.archive),
      "tls-server-address": "*",
      "tls-server-port": ports.member.pgbackrest,
      "tls-server-ca-file": authority,
      "tls-server-cert-file": certificate,
      "tls-server-key-file": key,
      "tls-server-auth": `${names.backup}=${scope}`,
    },
    // Short: a primary that stops waits for three attempts, and is no primary meanwhile (48 s at 15, with the store away). A segment
    // that is still on its way is asked for again.
    "global:archive-push": { "archive-async": "y", "archive-timeout": 5 },
    [scope]: {
      "pg1-path": paths.data,
      "pg1-port": ports.member.postgres,
      "pg1-socket-path": paths.sockets,
      "pg1-user": roles.superuser,
    },
  });
}

/** Configuration of a job, which reaches the members through their TLS servers. */
export function jobRepositoryConfig(
  settings: PatroniSettings,
  places: readonly RepositoryPlace[],
  hosts: readonly string[],
  tls: string,
): string {
  const { authority, certificate, key } = tlsFiles(tls);
  const member = (host: string, i: number) => ({
    [`pg${i + 1}-host`]: host,
    [`pg${i + 1}-host-type`]: "tls",
    [`pg${i + 1}-host-port`]: ports.member.pgbackrest,
    [`pg${i + 1}-host-ca-file`]: authority,
    [`pg${i + 1}-host-cert-file`]: certificate,
    [`pg${i + 1}-host-key-file`]: key,
    [`pg${i + 1}-path`]: paths.data,
    [`pg${i + 1}-port`]: ports.member.postgres,
    [`pg${i + 1}-socket-path`]: paths.sockets,
    [`pg${i + 1}-user`]: roles.superuser,
  });
  return render({
    global: {
      ...repositories(settings, places),
      // Not read from the primary, unless it is alone.
      "backup-standby": "prefer",
      // In seconds. A store that is away is asked a dozen times, each for so long: at pgBackRest's own 60 a job is silent for many minutes.
      "io-timeout": 15,
    },
    [scope]: Object.assign({}, ...hosts.map(member)) as Section,
  });
}

/**
 * Configuration of a drill or whoever else only restores: one repository, as number 1.
 * @param folders Where the data are put, and what else it writes.
 */
export function restoreConfig(
  settings: PatroniSettings,
  place: RepositoryPlace,
  folders: { readonly data: string; readonly spool: string },
): string {
  return render({
    global: { ...repositories(settings, [place]), "io-timeout": 15, "spool-path": folders.spool },
    [scope]: { "pg1-path": folders.data },
  });
}

function repositories({ archive }: PatroniSettings, places: readonly RepositoryPlace[]): Section {
  return {
    ...(Object.assign({}, ...places.map((place, i) => repository(`repo${i + 1}`, archive, place))) as Section),
    // Level 1 took the least time and little more space than higher ones (reference: gzip is slower than pg_dump).
    "compress-type": "zst",
    "compress-level": 1,
    "process-max": archive.processes,
    // No `delta` beside it: an incremental backup would read every file through, also those whose times say that nothing was written. pgBackRest does so by
    // itself when times cannot be trusted: after a failover, or when they lie in the future.
    "start-fast": "y",
    "log-level-console": "info",
    "log-level-file": "off",
  };
}

function repository(repo: string, archive: PatroniSettings["archive"], place: RepositoryPlace): Section {
  const url = new URL(place.endpoint);
  return {
    [`${repo}-type`]: "s3",
    [`${repo}-path`]: repositoryPath,
    [`${repo}-s3-bucket`]: place.bucket,
    [`${repo}-s3-region`]: place.region,
    [`${repo}-s3-endpoint`]: url.hostname,
    [`${repo}-s3-uri-style`]: place.addressing === "path" ? "path" : "host",
    [`${repo}-storage-port`]: url.port || 443,
    ...(place.authorityFile && { [`${repo}-storage-ca-file`]: place.authorityFile }),
    [`${repo}-cipher-type`]: "aes-256-cbc",
    // Small files in one object, and only what changed inside large ones.
    [`${repo}-bundle`]: "y",
    [`${repo}-block`]: "y",
    [`${repo}-retention-full-type`]: "time",
    [`${repo}-retention-full`]: archive.retentionDays,
  };
}
