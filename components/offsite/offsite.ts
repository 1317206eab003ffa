import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { OffsiteSettings, S3OffsiteSettings } from "../../config/offsite.ts";
import type { SecretName } from "../../config/secrets.ts";
import { AwsOffsite } from "./aws.ts";
import type { OffsiteConnection } from "./connection.ts";

export interface OffsiteArgs {
  /** Sets apart the names, and says whether what holds data is protected; used by the backend "aws". */
  readonly cluster: Pick<ClusterSettings, "prefix" | "protect" | "retain">;
  readonly settings: OffsiteSettings;
  /** Secrets used by the backend "s3": offsiteBackupsKey, offsiteCatalogueKey. */
  readonly credentials: { password(name: SecretName): pulumi.Output<string> };
}

/**
 * The second site, where everything goes that must outlive the first.
 * @example const { connection } = new Offsite("offsite", { cluster, settings: settings.offsite, credentials });
 */
export class Offsite extends pulumi.ComponentResource {
  /** Undefined when there is no second site. */
  readonly connection: OffsiteConnection | undefined;
  /** The same with a user that only reads, where there is one: for drills and restores. @default connection */
  readonly reading: OffsiteConnection | undefined;
  /** A copy of it in yet another place, to read from when the second site is lost, too. @default none */
  readonly replica: OffsiteConnection | undefined;

  constructor(name: string, args: OffsiteArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:offsite:Offsite", name, { settings: args.settings }, opts);
    const { connection, reading, replica } = this.site(name, args);
    this.connection = connection;
    this.reading = reading ?? connection;
    this.replica = replica;
    this.registerOutputs({ endpoint: this.connection?.endpoint });
  }

  private site(name: string, { cluster, settings, credentials }: OffsiteArgs): Partial<AwsConnections> {
    switch (settings.backend) {
      case "none":
        return {};
      case "s3":
        return { connection: s3Connection(settings, credentials) };
      case "aws":
        return new AwsOffsite(name, { cluster, settings }, { parent: this });
    }
  }
}

type AwsConnections = Pick<AwsOffsite, "connection" | "reading" | "replica">;

function s3Connection(settings: S3OffsiteSettings, credentials: OffsiteArgs["credentials"]): OffsiteConnection {
  const { endpoint, region, addressing, caCertificate, backups, catalogue } = settings;
  const login = ({ bucket, accessKey }: S3OffsiteSettings["backups"], key: SecretName) => ({
    bucket,
    accessKey: pulumi.output(accessKey),
    secretKey: credentials.password(key),
  });
  return {
    endpoint: pulumi.output(endpoint),
    region,
    addressing,
    caCertificate: caCertificate === undefined ? undefined : pulumi.output(caCertificate),
    backups: login(backups, "offsiteBackupsKey"),
    catalogue: login(catalogue, "offsiteCatalogueKey"),
    ready: [],
  };
}
