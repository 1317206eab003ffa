import { parseStatements, type Statement } from "./aws.ts";
import { declaresBuckets } from "./buckets.ts";
import type { Resource } from "./resource.ts";
import { entries, text } from "./values.ts";

/** What a user of a store may do, out of the entry `policy-USER.json` of the ConfigMap that declares buckets. */
export interface UserRights {
  readonly user: string;
  readonly statements: readonly Statement[];
}

const entry = /^policy-(.+)\.json$/;

/** Rights of the users that a ConfigMap labelled `dify-ha/declares: buckets` has policies for; none in all other resources. */
export function userRightsOf(resource: Resource): UserRights[] {
  if (!declaresBuckets(resource)) return [];
  return entries(resource.inputs, "data").flatMap(([name]) => {
    const user = entry.exec(name)?.[1];
    return user ? [{ user, statements: parseStatements(text(resource.inputs, "data", name)) }] : [];
  });
}
