import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { paths } from "../../components/postgres/layout.ts";
import { BackupStore } from "./backupStore.ts";
import { declareBackups } from "./backupSample.ts";
import { openNetwork, type DebianProgram, type DebianResult } from "./debian.ts";
import type { Declared } from "./mocks.ts";
import { PostgresCluster } from "./postgresCluster.ts";
import { issueClusterCertificates, smallSettings, tlsVolume, type Party } from "./postgresSample.ts";
import { containerProgram, podSpec } from "./renderedPod.ts";
import type { Certificate } from "./servers/certificates.ts";

type Network = Awaited<ReturnType<typeof openNetwork>>;

/** What of a container is other than it was declared. */
export interface Change {
  readonly env?: Record<string, string>;
  readonly files?: Record<string, string>;
}

/** Postgres under Patroni with two MinIO sites on a loopback of their own, and the jobs of backups as the program declares them. */
export class BackedUpCluster {
  readonly cluster: PostgresCluster;
  /** The cluster's own, and the one off site. */
  readonly stores: readonly [BackupStore, BackupStore];
  private readonly network: Network;
  private readonly certificates: Record<Party, Certificate>;
  private readonly resources: readonly Declared[];
  private readonly outbox: string;

  /** Brings all of it up: the log is archived into both sites. @param postgres settings that are other than the smallest */
  static async start(postgres: Record<string, unknown>): Promise<BackedUpCluster> {
    const network = await openNetwork();
    const certificates = await issueClusterCertificates();
    const resources = await declareBackups({ authority: certificates.minio.authority, postgres });
    const outbox = await mkdtemp(join(tmpdir(), "outbox-"));
    await chmod(outbox, 0o777);
    const cluster = new PostgresCluster({ settings: smallSettings(postgres), network, certificates, sites: 2 });
    const backedUp = new BackedUpCluster(cluster, { network, certificates, resources, outbox });
    await backedUp.bringUp().catch(async (error: unknown) => {
      await backedUp.stop();
      throw error;
    });
    return backedUp;
  }

  private constructor(
    cluster: PostgresCluster,
    parts: {
      readonly network: Network;
      readonly certificates: Record<Party, Certificate>;
      readonly resources: readonly Declared[];
      readonly outbox: string;
    },
  ) {
    this.cluster = cluster;
    ({
      network: this.network,
      certificates: this.certificates,
      resources: this.resources,
      outbox: this.outbox,
    } = parts);
    const { minio } = this.certificates;
    this.stores = [new BackupStore(cluster, minio, 0), new BackupStore(cluster, minio, 1)];
  }

  private async bringUp(): Promise<void> {
    const { cluster } = this;
    for (const i of [0, 1, 2]) cluster.startEtcd(i);
    for (const i of [0, 1, 2]) cluster.startMember(i);
    cluster.startProxy();
    cluster.startPooler();
    await Promise.all(this.stores.map((store) => store.start()));
    const stanza = this.resources.find((r) => r.type.endsWith(":Job") && r.name.startsWith("postgres-stanza"))?.name;
    for (const step of [
      () => cluster.configure(cluster.settings),
      () => cluster.bootstrap(),
      () => cluster.run({ ...this.program(stanza ?? "", "stanza", "Job"), timeoutSeconds: 200 }),
    ]) {
      const { exitCode, stdout, stderr } = await step();
      if (exitCode !== 0) throw new Error(stdout + stderr);
    }
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
    await this.network.close();
    await rm(this.outbox, { recursive: true });
  }

  /** A container of a job, as a program that reaches the cluster. */
  program(job: string, container: string, kind: "Job" | "CronJob" = "CronJob"): Omit<DebianProgram, "network"> {
    const rendered = containerProgram(this.resources, podSpec(this.resources, kind, job), container);
    const files = { ...rendered.files, ...tlsVolume(paths.tls, this.certificates["postgres-backup"]) };
    return { ...rendered, files, folders: { "/outbox": this.outbox } };
  }

  /** Runs a container of a CronJob to its end. */
  run(job: string, container: string, { env, files }: Change = {}): Promise<DebianResult> {
    const program = this.program(job, container);
    const changed = { ...program, env: { ...program.env, ...env }, files: { ...program.files, ...files } };
    return this.cluster.run({ ...changed, timeoutSeconds: 200 });
  }
}
