import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { SecretName } from "../config/secrets.ts";

export interface CredentialsArgs {
  /** Refuse to delete what data is encrypted with. */
  readonly protect: boolean;
  /** What the operator gave; the rest is generated. @default `secrets:NAME` of the stack's configuration */
  readonly given?: (name: SecretName) => pulumi.Output<string> | undefined;
}

/** Every password and key of the stack: given as secret configuration, or generated once and kept in the encrypted state. */
export class Credentials extends pulumi.ComponentResource {
  private readonly args: CredentialsArgs;
  private readonly made = new Map<SecretName, pulumi.Output<string>>();

  constructor(name: string, args: CredentialsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:credentials:Credentials", name, {}, opts);
    this.args = args;
    this.registerOutputs({});
  }

  /** Letters and digits, safe in URLs, connection strings and configuration files. */
  password(name: SecretName, length = 32): pulumi.Output<string> {
    return this.obtain(name, () => new random.RandomPassword(name, { length, special: false }, this.kept()).result);
  }

  /** 32 random bytes in base64. */
  key(name: SecretName): pulumi.Output<string> {
    return this.obtain(name, () => new random.RandomBytes(name, { length: 32 }, this.kept()).base64);
  }

  private kept(): pulumi.CustomResourceOptions {
    return { parent: this, protect: this.args.protect };
  }

  private obtain(name: SecretName, generate: () => pulumi.Output<string>): pulumi.Output<string> {
    const given = this.args.given ?? ((key: SecretName) => new pulumi.Config("secrets").getSecret(key));
    const value = this.made.get(name) ?? pulumi.secret(given(name) ?? generate());
    this.made.set(name, value);
    return value;
  }
}
