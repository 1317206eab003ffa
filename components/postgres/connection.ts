import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { PatroniSettings } from "../../config/postgres.ts";
import type { RepositoryClient } from "./repositoryClient.ts";

/** A database and the role that owns it. */
export interface DatabaseLogin {
  readonly database: string;
  readonly user: string;
  readonly password: pulumi.Output<string>;
}

/** What a client of PostgreSQL needs to know; Patroni and an external server offer this and nothing else. */
export interface PostgresConnection {
  /** Always leads to the primary, through the pooler: resolvable from every namespace. */
  readonly host: pulumi.Output<string>;
  readonly port: number;
  /** Database of the Dify API. */
  readonly dify: DatabaseLogin;
  /** Database of the plugin daemon. */
  readonly plugin: DatabaseLogin;
  /** PEM of the authority that signed the server's certificate; undefined when a public one did. */
  readonly caCertificate: pulumi.Output<string> | undefined;
  /** Transaction pooling stands in between: no prepared statements over the life of a session. */
  readonly pooled: boolean;
  /** Name of the role's databases being ready; clients depend on it. */
  readonly ready: pulumi.Input<pulumi.Resource>[];
}

/** The consoles of all poolers: PAUSE and RESUME. */
export interface PoolerConsoles {
  /** Name that leads to each pooler's own address. */
  readonly host: string;
  /** Name in their certificates. */
  readonly certified: string;
  readonly port: number;
  readonly user: string;
  /** Its key: pooler.ts. */
  readonly secret: k8s.core.v1.Secret;
}

/** What backups need of a cluster of our own. */
export interface PostgresBackupAccess {
  /** Image and user of the members, which backups run as. */
  readonly settings: PatroniSettings;
  /** pgBackRest, and the role of backups at the primary. */
  readonly client: RepositoryClient;
  /** pgBackRest's repositories, the cluster's own first. */
  readonly repositories: readonly string[];
  readonly poolers: PoolerConsoles;
  /** The log is archived. */
  readonly ready: pulumi.Input<pulumi.Resource>[];
}
