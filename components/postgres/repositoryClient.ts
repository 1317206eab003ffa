import type * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { PatroniSettings } from "../../config/postgres.ts";
import type { CertificateAuthority } from "../network/certificates.ts";
import type { Configuration } from "../workload/checksum.ts";
import type { EnvironmentValue, Mount } from "../workload/container.ts";
import { configurationFiles } from "../workload/configuration.ts";
import { keyMode, membersOf, names, paths, scope } from "./layout.ts";
import { jobRepositoryConfig } from "./pgbackrestConfig.ts";
import type { Repository } from "./repository.ts";

export interface RepositoryClientArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: PatroniSettings;
  readonly authority: CertificateAuthority;
  readonly repository: Repository;
}

/**
 * pgBackRest outside the members: it reaches their files through their TLS servers, by a certificate that stands for the role of backups in
 * Postgres too. What a pod needs for it.
 */
export class RepositoryClient extends pulumi.ComponentResource {
  readonly env: Readonly<Record<string, EnvironmentValue>>;
  readonly mounts: Readonly<Record<string, Mount>>;
  readonly volumes: readonly types.input.core.v1.Volume[];
  readonly reads: readonly Configuration[];
  /** Proves who a job is, to members' pgBackRest and to Postgres. */
  readonly certificate: k8s.core.v1.Secret;
  readonly certificateVolume: types.input.core.v1.Volume;

  constructor(name: string, args: RepositoryClientArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:postgres:RepositoryClient", name, {}, opts);
    const { cluster, namespace, settings, authority, repository } = args;
    const child = { parent: this };
    const hosts = membersOf("members", settings.members, cluster).map(({ host }) => host);
    const rendered = repository.places.apply((places) => jobRepositoryConfig(settings, places, hosts, paths.tls));
    const config = configurationFiles(
      "pgbackrest-job-config",
      { namespace, workload: names.backup, files: { "pgbackrest.conf": rendered } },
      child,
    );
    this.certificate = authority.issue(names.backup, { namespace }, child).secret;
    this.env = { ...repository.env, STANZA: scope };
    this.mounts = { ...repository.mounts, [paths.tls]: { volume: "tls", readOnly: true } };
    this.certificateVolume = {
      name: "tls",
      secret: { secretName: this.certificate.metadata.name, defaultMode: keyMode },
    };
    this.volumes = [...repository.volumes(config), this.certificateVolume];
    this.reads = [config, this.certificate, ...repository.reads];
    this.registerOutputs({});
  }
}
