import { readFileSync } from "node:fs";
import { CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import type { DebianProgram } from "../../local/debian/run.ts";
import type { TestCluster } from "./cluster.ts";

/** A program with the token of an account, as the kubelet gives it to the account's pods. */
export async function withAccount<T extends DebianProgram>(
  { config }: TestCluster,
  namespace: string,
  name: string,
  program: T,
): Promise<T> {
  const core = config.makeApiClient(CoreV1Api);
  const { status } = await core.createNamespacedServiceAccountToken({
    name,
    namespace,
    body: { spec: { audiences: [] } },
  });
  const folder = "/var/run/secrets/kubernetes.io/serviceaccount";
  const { hostname, port } = new URL(config.getCurrentCluster()?.server ?? "");
  return {
    ...program,
    env: { ...program.env, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
    files: {
      ...program.files,
      [`${folder}/namespace`]: namespace,
      [`${folder}/token`]: status?.token ?? "",
      [`${folder}/ca.crt`]: authorityOf(config),
    },
  };
}

function authorityOf(config: KubeConfig): string {
  const { caData, caFile } = config.getCurrentCluster() ?? {};
  return caData ? Buffer.from(caData, "base64").toString() : readFileSync(caFile ?? "", "utf8");
}
