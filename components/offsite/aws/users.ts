import { AccessKey } from "@pulumi/aws/iam/accessKey.js";
import { User } from "@pulumi/aws/iam/user.js";
import { UserPolicy } from "@pulumi/aws/iam/userPolicy.js";
import * as pulumi from "@pulumi/pulumi";
import type { PolicyDocument } from "../../policyDocument.ts";

export interface BucketUserArgs {
  /** Its name on AWS. */
  readonly user: string;
  readonly policy: PolicyDocument;
}

/** A user that is nothing but its rights and one access key. Its secret half is kept in the encrypted state. */
export class BucketUser extends pulumi.ComponentResource {
  readonly user: User;
  readonly accessKey: pulumi.Output<string>;
  readonly secretKey: pulumi.Output<string>;
  /** Without it the access key opens nothing. */
  readonly policy: UserPolicy;

  constructor(name: string, args: BucketUserArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:offsite:BucketUser", name, {}, opts);
    this.user = new User(name, { name: args.user }, { parent: this });
    const user = this.user.name;
    this.policy = new UserPolicy(
      name,
      { name: "buckets", user, policy: JSON.stringify(args.policy) },
      { parent: this },
    );
    const key = new AccessKey(name, { user }, { parent: this });
    this.accessKey = key.id;
    this.secretKey = pulumi.secret(key.secret);
    this.registerOutputs({ accessKey: this.accessKey });
  }
}
