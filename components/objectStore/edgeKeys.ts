import { createHmac } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/** Sites come and go, so what is theirs comes from one secret of the stack; from it neither that secret nor another site's can be told. */
export function derivedKeys(
  edgeKey: string,
  site: string,
): { readonly secretKey: string; readonly passphrase: string } {
  const derive = (purpose: string) => createHmac("sha256", edgeKey).update(`${purpose} ${site}`).digest("base64url");
  // MinIO takes at most 40 characters.
  return { secretKey: derive("secret key").slice(0, 40), passphrase: derive("pass phrase") };
}

/** Secret key of an edge site's user. */
export function edgeSecretKey(edgeKey: pulumi.Input<string>, site: string): pulumi.Output<string> {
  return pulumi.secret(pulumi.output(edgeKey).apply((key) => derivedKeys(key, site).secretKey));
}

/** Pass phrase of an edge site's repository. */
export function edgePassphrase(edgeKey: pulumi.Input<string>, site: string): pulumi.Output<string> {
  return pulumi.secret(pulumi.output(edgeKey).apply((key) => derivedKeys(key, site).passphrase));
}
