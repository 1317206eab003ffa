import { Provider } from "@pulumi/aws/provider.js";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { AwsOffsiteSettings } from "../../config/offsite.ts";
import { awsEndpoint } from "../objectStore/connection.ts";
import { homeUses, replicaUses } from "./aws/documents/uses.ts";
import { backupsWriterPolicy, catalogueWriterPolicy, readerPolicy } from "./aws/documents/users.ts";
import { awsNames, bucketRoles, type AwsNames, type BucketPair, type BucketRole } from "./aws/names.ts";
import { OffsiteRegion } from "./aws/region.ts";
import { replication, ReplicationRole } from "./aws/replication.ts";
import { DataTrail } from "./aws/trail.ts";
import { BucketUser } from "./aws/users.ts";
import type { OffsiteConnection } from "./connection.ts";

export interface AwsOffsiteArgs {
  readonly cluster: Pick<ClusterSettings, "prefix" | "protect" | "retain">;
  readonly settings: AwsOffsiteSettings;
}

/** One that writes each bucket, and one that reads them all. */
type Users = Readonly<Record<BucketRole | "reader", BucketUser>>;

/** Locked buckets in one region of AWS and their copies in another, each region with a provider of its own. */
export class AwsOffsite extends pulumi.ComponentResource {
  /** For what writes backups and records. */
  readonly connection: OffsiteConnection;
  /** The same buckets for drills and restores, which must not be able to write. */
  readonly reading: OffsiteConnection;
  /** The copies, for a restore when the first region is lost; readable only. */
  readonly replica: OffsiteConnection;

  constructor(name: string, args: AwsOffsiteArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:offsite:AwsOffsite", name, { settings: args.settings }, opts);
    const { cluster, settings } = args;
    const names = awsNames(cluster.prefix, settings);
    const home = this.provider(name, settings.region, settings);
    const away = this.provider(`${name}-replica`, settings.replicaRegion, settings);

    const users = this.users(name, names, home);
    const role = new ReplicationRole(
      `${name}-replication`,
      { role: names.actors.replication, home: names.buckets.home, replica: names.buckets.replica },
      { parent: this, providers: [home] },
    );
    const actors = [...Object.values(users).map(({ user }) => user), role.role];

    const common = { cluster, settings, keyAlias: names.keyAlias, actors };
    const trail = settings.dataEvents ? names.trail : undefined;
    const original = new OffsiteRegion(
      name,
      { ...common, region: settings.region, buckets: names.buckets.home, uses: homeUses(names), trail },
      { parent: this, providers: [home] },
    );
    const copy = new OffsiteRegion(
      `${name}-replica`,
      { ...common, region: settings.replicaRegion, buckets: names.buckets.replica, uses: replicaUses(names) },
      { parent: this, providers: [away] },
    );
    const after = [...original.ready, ...copy.ready];
    const copies = bucketRoles.map((each) => {
      const [from, to] = [names.buckets.home[each], names.buckets.replica[each]];
      return replication(
        `${name}-${each}`,
        { cluster, from, to, by: role, replicaKey: copy.key, after },
        { parent: this, provider: home },
      );
    });
    if (trail !== undefined) this.trail(`${name}-trail`, args, names, original.key, home);

    // What is written before copying begins is never copied.
    const ready = [...copies, ...Object.values(users).map(({ policy }) => policy)];
    const { reader } = users;
    this.connection = connection(settings.region, names.buckets.home, users, ready);
    this.reading = connection(settings.region, names.buckets.home, { backups: reader, catalogue: reader }, ready);
    this.replica = connection(
      settings.replicaRegion,
      names.buckets.replica,
      { backups: reader, catalogue: reader },
      ready,
    );
    this.registerOutputs({ endpoint: this.connection.endpoint });
  }

  private provider(name: string, region: string, { account }: AwsOffsiteSettings): Provider {
    return new Provider(name, { region, allowedAccountIds: [account] }, { parent: this });
  }

  private users(name: string, { actors, buckets: { home, replica } }: AwsNames, provider: Provider): Users {
    const policies = {
      backups: backupsWriterPolicy(home.backups),
      catalogue: catalogueWriterPolicy(home.catalogue),
      reader: readerPolicy([...Object.values(home), ...Object.values(replica)]),
    };
    const user = (each: keyof Users) =>
      new BucketUser(
        `${name}-${each}`,
        { user: actors[each], policy: policies[each] },
        { parent: this, providers: [provider] },
      );
    return { backups: user("backups"), catalogue: user("catalogue"), reader: user("reader") };
  }

  private trail(
    name: string,
    { cluster, settings }: AwsOffsiteArgs,
    { trail, buckets }: AwsNames,
    key: pulumi.Output<string>,
    provider: Provider,
  ): void {
    new DataTrail(
      name,
      {
        cluster,
        account: settings.account,
        region: settings.region,
        trail,
        bucket: buckets.trail,
        days: settings.lock.catalogueDays,
        key,
        watched: [...Object.values(buckets.home), ...Object.values(buckets.replica)],
      },
      { parent: this, providers: [provider] },
    );
  }
}

function connection(
  region: string,
  buckets: BucketPair,
  users: Readonly<Record<BucketRole, BucketUser>>,
  ready: pulumi.Resource[],
): OffsiteConnection {
  const login = (each: BucketRole) => ({
    bucket: buckets[each],
    accessKey: users[each].accessKey,
    secretKey: users[each].secretKey,
  });
  return {
    endpoint: pulumi.output(awsEndpoint(region)),
    region,
    addressing: "virtual",
    caCertificate: undefined,
    backups: login("backups"),
    catalogue: login("catalogue"),
    ready,
  };
}
