import { isObject, isSecret, plain, sealLike, secret, without, type Properties } from "../protocol/values.ts";
import type { KubeObject } from "./object.ts";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** What the engine keeps of a live object: secret where the inputs are, and whatever a Secret holds. */
export function stateOf(live: KubeObject, inputs: Properties, manager: string): Properties {
  const { annotations } = live.metadata;
  const metadata = without(live.metadata, "managedFields", "annotations");
  const kept = Object.entries(annotations ?? {}).filter(([name]) => name !== LAST_APPLIED);
  const object: Properties = {
    ...live,
    metadata: annotations ? { ...metadata, annotations: Object.fromEntries(kept) } : metadata,
    __fieldManager: manager,
    __initialApiVersion: live.apiVersion,
  };
  return sealSecret(sealLike(object, inputs));
}

/** A Secret's contents are secret even where the program did not say so. */
export function sealSecret(object: Properties): Properties {
  if (object.kind !== "Secret") return object;
  const sealed = { ...object };
  for (const field of ["data", "stringData"])
    if (isObject(object[field]) && !isSecret(object[field])) sealed[field] = secret(plain(object[field]));
  return sealed;
}

/** The inputs that an object found in the cluster would have had, for `pulumi import`. */
export function importedInputs(live: KubeObject): Properties {
  const { metadata } = live;
  const { name, namespace, labels } = metadata;
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([key]) => key !== LAST_APPLIED && key !== "deployment.kubernetes.io/revision",
  );
  return sealSecret({
    ...without(live, "status"),
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(labels !== undefined && { labels }),
      ...(annotations.length > 0 && { annotations: Object.fromEntries(annotations) }),
    },
  });
}
