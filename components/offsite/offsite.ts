import * as pulumi from "@pulumi/pulumi";
import type { OffsiteSettings, S3OffsiteSettings } from "../../config/offsite.ts";
import type { SecretName } from "../../config/secrets.ts";
import type { OffsiteConnection } from "./connection.ts";

export interface OffsiteArgs {
  readonly settings: OffsiteSettings;
  /** Secrets used: offsiteBackupsKey, offsiteCatalogueKey. */
  readonly credentials: { password(name: SecretName): pulumi.Output<string> };
}

/**
 * The second site, where everything goes that must outlive the first.
 * @example const { connection } = new Offsite("offsite", { settings: settings.offsite, credentials });
 */
export class Offsite extends pulumi.ComponentResource {
  /** Undefined when there is no second site. */
  readonly connection: OffsiteConnection | undefined;

  constructor(name: string, args: OffsiteArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:offsite:Offsite", name, { settings: args.settings }, opts);
    const { settings, credentials } = args;
    this.connection = settings.backend === "none" ? undefined : s3Connection(settings, credentials);
    this.registerOutputs({ endpoint: this.connection?.endpoint });
  }
}

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
