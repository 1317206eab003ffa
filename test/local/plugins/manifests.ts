import type { Properties } from "../../../local/plugins/protocol/values.ts";

/** Objects for the tests of the Kubernetes plugin, as a program would declare them. */
export function deployment(
  name: string,
  namespace: string,
  options: { replicas?: number; annotations?: Properties; simulate?: string } = {},
): Properties {
  const labels = { app: name };
  const simulate = options.simulate ? { annotations: { "dify-ha.local/simulate": options.simulate } } : {};
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace, ...(options.annotations && { annotations: options.annotations }) },
    spec: {
      replicas: options.replicas ?? 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, ...simulate },
        spec: {
          containers: [
            {
              name: "main",
              image: "registry.example/main:1",
              resources: { requests: { cpu: "1000m", memory: "64Mi" } },
            },
          ],
        },
      },
    },
  };
}

export function job(
  name: string,
  namespace: string,
  options: { simulate?: string; annotations?: Properties } = {},
): Properties {
  const simulate = options.simulate ? { annotations: { "dify-ha.local/simulate": options.simulate } } : {};
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace, ...(options.annotations && { annotations: options.annotations }) },
    spec: {
      backoffLimit: 0,
      template: {
        metadata: simulate,
        spec: { restartPolicy: "Never", containers: [{ name: "main", image: "registry.example/job:1" }] },
      },
    },
  };
}

export function configMap(namespace: string, metadata: Properties, data: Properties): Properties {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, ...metadata }, data };
}

export function service(name: string, namespace: string, spec: Properties, annotations: Properties = {}): Properties {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, annotations },
    spec: { ports: [{ name: "http", port: 80 }], ...spec },
  };
}
