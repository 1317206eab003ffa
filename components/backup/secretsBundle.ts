import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { keyMode } from "../postgres/layout.ts";
import { configurationFiles, secretFiles } from "../workload/configuration.ts";
import type { RecoveryKeys } from "./keys.ts";
import type { BackupPartArgs } from "./part.ts";
import { outbox, uploadJob, uploadScripts } from "./upload.ts";

export interface SecretsBundleArgs extends BackupPartArgs {
  readonly keys: RecoveryKeys;
  /** PEM of the authority that signed the certificates of the stack's own servers. */
  readonly authority: pulumi.Input<string>;
  /** Pass phrase of the bundle, at every site: who has it and a site has everything. */
  readonly passphrase: pulumi.Input<string>;
}

const workload = "secrets-bundle";
const folder = "/etc/recovery-keys";
const passphraseKey = "passphrase";

/** Any account does: cp and rclone have no files of their own. */
const user = 1000;

/** What a restore needs beside the backups, for the day on which the stack's state is lost too: a file a secret, encrypted by a pass phrase that people keep. */
export class SecretsBundle extends pulumi.ComponentResource {
  readonly job: k8s.batch.v1.CronJob;

  constructor(name: string, args: SecretsBundleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:SecretsBundle", name, {}, opts);
    const { cluster, namespace, settings, sites, figures, keys, authority, passphrase } = args;
    const { bundle, keepDays } = settings.secrets;
    const child = { parent: this };
    const files = { namespace, workload };
    const scripts = configurationFiles(workload, { ...files, files: uploadScripts() }, child);
    const kept = { ...keys, "certificate-authority.crt": authority };
    const secret = secretFiles("recovery-keys", { ...files, files: kept }, child);
    const cipher = secretFiles("recovery-passphrase", { ...files, files: { [passphraseKey]: passphrase } }, child);
    this.job = uploadJob(
      workload,
      {
        cluster,
        namespace,
        settings,
        sites,
        figures,
        workload,
        schedule: bundle,
        deadline: 900,
        runAs: { user, group: user },
        source: {
          name: "collect",
          image: settings.image,
          // A pattern leaves out what Kubernetes hides in the volume of a Secret.
          command: ["sh", "-c", `cp -L ${folder}/* ${outbox}/`],
          mounts: { [folder]: { volume: "keys", readOnly: true } },
          resources: { cpu: "10m", memory: "32Mi" },
        },
        scripts,
        backs: { of: "secrets-bundle", kind: "copy" },
        dataset: "secrets",
        keepDays,
        cipher: { secret: cipher.metadata.name, key: passphraseKey },
        scratch: "16Mi",
        volumes: [{ name: "keys", secret: { secretName: secret.metadata.name, defaultMode: keyMode } }],
        reads: [secret, cipher],
        after: [],
      },
      child,
    );
    this.registerOutputs({});
  }
}
