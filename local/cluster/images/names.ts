/** First process of each pod's sandbox. */
export const pauseImage = "dify-ha.local/pause:1";

/** The cluster's DNS; local/cluster/nodes/real/coredns.yaml asks for it. */
export const coreDnsImage = "dify-ha.local/coredns:1.14.7";

const defaultRegistry = "docker.io";

/**
 * The full name under which a node looks for the image that a pod calls `name`: registry, repository and tag or digest. A tag beside a
 * digest says nothing and is left out.
 */
export function fullName(name: string): string {
  const [tagged = "", digest] = name.split("@");
  const path = tagged.replace(/:[\w][\w.-]*$/, "");
  const tag = tagged.slice(path.length) || ":latest";
  return `${withRegistry(path)}${digest ? `@${digest}` : tag}`;
}

/** The registry that serves the image, such as "docker.io" or "127.0.0.1:5000". */
export function registryOf(name: string): string {
  return fullName(name).split("/")[0] ?? defaultRegistry;
}

/** As Docker has it: the first part is a registry when it looks like a host, and one word alone is one of Docker's own images. */
function withRegistry(path: string): string {
  const [first = "", ...rest] = path.split("/");
  if (rest.length > 0 && (/[.:]/.test(first) || first === "localhost")) return path;
  return `${defaultRegistry}/${rest.length > 0 ? path : `library/${path}`}`;
}
