import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { RedisSentinelSettings } from "../../config/redis.ts";

/** What a client of Redis needs to know; every backend offers this and nothing else. */
export interface RedisConnection {
  /** One address that always leads to the master. */
  readonly host: pulumi.Output<string>;
  readonly port: number;
  /** That address wants TLS, with a certificate that a public authority signed. */
  readonly tls: boolean;
  readonly password: pulumi.Output<string>;
  /** Clients depend on it. */
  readonly ready: pulumi.Input<pulumi.Resource>[];
}

/** What backups need of servers of our own. */
export interface RedisBackupAccess {
  /** Image and user of the servers, which backups run as. */
  readonly settings: RedisSentinelSettings;
  /** Host of each server. */
  readonly members: readonly string[];
  readonly port: number;
  /** Key: password. */
  readonly secret: k8s.core.v1.Secret;
  readonly ready: pulumi.Input<pulumi.Resource>[];
}
