import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { NoticeSecret } from "../config/noticeSecrets.ts";
import type { SecretName } from "../config/secrets.ts";

export interface CredentialsArgs {
  /** Refuse to delete what data is encrypted with. */
  readonly protect: boolean;
  /** What the operator gave; the rest is generated. @default `secrets:NAME` of the stack's configuration */
  readonly given?: (name: SecretName | NoticeSecret) => pulumi.Output<string> | undefined;
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

  /** Of a receiver of notices: settings are refused without it. */
  notice(name: NoticeSecret): pulumi.Output<string> {
    const value = this.given(name);
    if (!value) throw new Error(`secrets:${name} was not given`);
    return pulumi.secret(value);
  }

  private given(name: SecretName | NoticeSecret): pulumi.Output<string> | undefined {
    return this.args.given ? this.args.given(name) : new pulumi.Config("secrets").getSecret(name);
  }

  private kept(): pulumi.CustomResourceOptions {
    return { parent: this, protect: this.args.protect };
  }

  private obtain(name: SecretName, generate: () => pulumi.Output<string>): pulumi.Output<string> {
    const value = this.made.get(name) ?? pulumi.secret(this.given(name) ?? generate());
    this.made.set(name, value);
    return value;
  }
}
