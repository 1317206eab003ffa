import type * as pulumi from "@pulumi/pulumi";

/** What a client of Redis needs to know; every backend offers this and nothing else. */
export interface RedisConnection {
  /** Sentinels, for clients that speak their protocol; undefined when there are none (an external server). */
  readonly sentinel:
    | {
        /** host:port of each, resolvable from every namespace. */
        readonly addresses: readonly string[];
        readonly masterName: string;
        readonly password: pulumi.Output<string>;
      }
    | undefined;
  /** One address that always leads to the master, for clients that know no Sentinel. */
  readonly host: pulumi.Output<string>;
  readonly port: number;
  /** That address wants TLS, with a certificate that a public authority signed. */
  readonly tls: boolean;
  readonly password: pulumi.Output<string>;
  /** Clients depend on it. */
  readonly ready: pulumi.Input<pulumi.Resource>[];
}
