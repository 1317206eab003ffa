import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { PatroniSettings } from "../../config/postgres.ts";
import type { ObjectStoreConnection } from "../objectStore/connection.ts";
import type { EnvironmentValue } from "../workload/container.ts";
import { names, paths } from "./layout.ts";
import { memberRepositoryConfig, type RepositoryPlace } from "./pgbackrestConfig.ts";
import { configurationFiles, secretFiles } from "./scripts.ts";

/** The part of an object store that a repository of pgBackRest needs. */
export type RepositoryStore = Pick<
  ObjectStoreConnection,
  "endpoint" | "region" | "addressing" | "caCertificate" | "backups" | "ready"
>;

export interface RepositoryArgs {
  readonly namespace: pulumi.Input<string>;
  readonly settings: PatroniSettings;
  readonly store: RepositoryStore;
  /** Pass phrase of everything in the repository. */
  readonly cipher: pulumi.Input<string>;
}

const authorityFile = `${paths.repositoryAuthority}/ca.crt`;

/** How pods reach pgBackRest's repository in the object store: settings in a ConfigMap, keys in a Secret. */
export class Repository extends pulumi.ComponentResource {
  /** pgbackrest.conf of the members. */
  readonly config: k8s.core.v1.ConfigMap;
  /** The store's keys and the cipher's pass phrase. */
  readonly secret: k8s.core.v1.Secret;
  /** The store's authority; undefined when a public one signed its certificate. */
  readonly authority: k8s.core.v1.ConfigMap | undefined;
  /** For rendering the configuration of jobs. */
  readonly place: pulumi.Output<RepositoryPlace>;

  constructor(name: string, args: RepositoryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:postgres:Repository", name, {}, opts);
    const { namespace, settings, store, cipher } = args;
    const child = { parent: this };
    const workload = names.members;
    this.place = pulumi.output(store.endpoint).apply((endpoint) => ({
      endpoint,
      bucket: store.backups.bucket,
      region: store.region,
      addressing: store.addressing,
      ...(store.caCertificate && { authorityFile }),
    }));
    const rendered = this.place.apply((place) => memberRepositoryConfig(settings, place));
    this.config = configurationFiles(
      "pgbackrest-config",
      { namespace, workload, files: { "pgbackrest.conf": rendered } },
      child,
    );
    this.authority =
      store.caCertificate &&
      configurationFiles(
        "pgbackrest-authority",
        { namespace, workload, files: { "ca.crt": store.caCertificate } },
        child,
      );
    this.secret = secretFiles(
      "pgbackrest-repository",
      {
        namespace,
        workload,
        files: { "access-key": store.backups.accessKey, "secret-key": store.backups.secretKey, cipher },
      },
      child,
    );
    this.registerOutputs({ config: this.config.metadata.name, secret: this.secret.metadata.name });
  }

  /** What pgBackRest reads from the environment. */
  get env(): Readonly<Record<string, EnvironmentValue>> {
    const secret = this.secret.metadata.name;
    return {
      PGBACKREST_CONFIG: `${paths.repository}/pgbackrest.conf`,
      PGBACKREST_REPO1_S3_KEY: { secret, key: "access-key" },
      PGBACKREST_REPO1_S3_KEY_SECRET: { secret, key: "secret-key" },
      PGBACKREST_REPO1_CIPHER_PASS: { secret, key: "cipher" },
    };
  }

  /** Where containers find the configuration (volume "repository") and the authority, if there is one. */
  get mounts() {
    return {
      [paths.repository]: { volume: "repository", readOnly: true },
      ...(this.authority && { [paths.repositoryAuthority]: { volume: "repository-authority", readOnly: true } }),
    };
  }

  /** Volumes of a pod whose configuration of pgBackRest lies in `config`. */
  volumes(config: k8s.core.v1.ConfigMap) {
    return [
      { name: "repository", configMap: { name: config.metadata.name } },
      ...(this.authority ? [{ name: "repository-authority", configMap: { name: this.authority.metadata.name } }] : []),
    ];
  }

  /** What pods roll for when it changes, beside their own configuration. */
  get reads() {
    return [this.secret, ...(this.authority ? [this.authority] : [])];
  }
}
