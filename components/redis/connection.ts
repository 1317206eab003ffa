import type * as pulumi from "@pulumi/pulumi";

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
