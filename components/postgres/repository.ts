import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { PatroniSettings } from "../../config/postgres.ts";
import type { ObjectStoreConnection } from "../objectStore/connection.ts";
import type { EnvironmentValue } from "../workload/container.ts";
import { configurationFiles, secretFiles } from "../workload/configuration.ts";
import { names, paths } from "./layout.ts";
import { memberRepositoryConfig, type RepositoryPlace } from "./pgbackrestConfig.ts";

/** The part of an object store that a repository of pgBackRest needs. */
export type RepositoryStore = Pick<
  ObjectStoreConnection,
  "endpoint" | "region" | "addressing" | "caCertificate" | "backups" | "ready"
>;

/** A repository: where it lies, and what it is encrypted with. */
export interface RepositorySite {
  readonly store: RepositoryStore;
  /** Pass phrase of everything in it. */
  readonly cipher: pulumi.Input<string>;
}

export interface RepositoryArgs {
  readonly namespace: pulumi.Input<string>;
  readonly settings: PatroniSettings;
  /** The cluster's own, and the one off site if there is one: pgBackRest's repositories 1 and 2. */
  readonly sites: readonly RepositorySite[];
}

/** How pods reach pgBackRest's repositories in object stores: settings in a ConfigMap, keys in a Secret. */
export class Repository extends pulumi.ComponentResource {
  /** pgbackrest.conf of the members. */
  readonly config: k8s.core.v1.ConfigMap;
  /** The stores' keys and the ciphers' pass phrases. */
  readonly secret: k8s.core.v1.Secret;
  /** The stores' authorities; undefined when public ones signed all certificates. */
  readonly authorities: k8s.core.v1.ConfigMap | undefined;
  /** For rendering the configuration of jobs. */
  readonly places: pulumi.Output<readonly RepositoryPlace[]>;
  /** "repo1", and "repo2" if there is a second site. */
  readonly repositories: readonly string[];

  constructor(name: string, args: RepositoryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:postgres:Repository", name, {}, opts);
    const { namespace, settings, sites } = args;
    const files = { namespace, workload: names.members };
    const child = { parent: this };
    this.repositories = sites.map((_, i) => `repo${i + 1}`);
    this.places = pulumi.all(sites.map(({ store }) => store.endpoint)).apply((endpoints) =>
      sites.map(({ store }, i) => ({
        endpoint: endpoints[i] as string,
        bucket: store.backups.bucket,
        region: store.region,
        addressing: store.addressing,
        ...(store.caCertificate && { authorityFile: `${paths.repositoryAuthorities}/repo${i + 1}.crt` }),
      })),
    );
    const rendered = this.places.apply((places) => memberRepositoryConfig(settings, places));
    this.config = configurationFiles("pgbackrest-config", { ...files, files: { "pgbackrest.conf": rendered } }, child);
    const authorities = sites.flatMap(({ store }, i) =>
      store.caCertificate ? [[`repo${i + 1}.crt`, store.caCertificate]] : [],
    );
    this.authorities =
      authorities.length > 0
        ? configurationFiles(
            "pgbackrest-authorities",
            { ...files, files: Object.fromEntries(authorities) as Record<string, pulumi.Output<string>> },
            child,
          )
        : undefined;
    const keys = sites.flatMap(({ store, cipher }, i): [string, pulumi.Input<string>][] => [
      [`repo${i + 1}-access-key`, store.backups.accessKey],
      [`repo${i + 1}-secret-key`, store.backups.secretKey],
      [`repo${i + 1}-cipher`, cipher],
    ]);
    this.secret = secretFiles("pgbackrest-repository", { ...files, files: Object.fromEntries(keys) }, child);
    this.registerOutputs({ config: this.config.metadata.name, secret: this.secret.metadata.name });
  }

  /** What pgBackRest reads from the environment. */
  get env(): Readonly<Record<string, EnvironmentValue>> {
    const secret = this.secret.metadata.name;
    const keys = this.repositories.map((repo) => ({
      [`PGBACKREST_${repo.toUpperCase()}_S3_KEY`]: { secret, key: `${repo}-access-key` },
      [`PGBACKREST_${repo.toUpperCase()}_S3_KEY_SECRET`]: { secret, key: `${repo}-secret-key` },
      [`PGBACKREST_${repo.toUpperCase()}_CIPHER_PASS`]: { secret, key: `${repo}-cipher` },
    }));
    return Object.assign({ PGBACKREST_CONFIG: `${paths.repository}/pgbackrest.conf` }, ...keys) as Record<
      string,
      EnvironmentValue
    >;
  }

  /** Where containers find the configuration (volume "repository") and the authorities, if there are any. */
  get mounts() {
    return {
      [paths.repository]: { volume: "repository", readOnly: true },
      ...(this.authorities && { [paths.repositoryAuthorities]: { volume: "repository-authorities", readOnly: true } }),
    };
  }

  /** Volumes of a pod whose configuration of pgBackRest lies in `config`. */
  volumes(config: k8s.core.v1.ConfigMap) {
    return [
      { name: "repository", configMap: { name: config.metadata.name } },
      ...(this.authorities
        ? [{ name: "repository-authorities", configMap: { name: this.authorities.metadata.name } }]
        : []),
    ];
  }

  /** What pods roll for when it changes, beside their own configuration. */
  get reads() {
    return [this.secret, ...(this.authorities ? [this.authorities] : [])];
  }
}
