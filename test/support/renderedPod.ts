import type { types } from "@pulumi/kubernetes";
import type { DebianProgram } from "../../local/debian/run.ts";
import { at, find, type Declared } from "./mocks.ts";

type PodSpec = types.output.core.v1.PodSpec;

/** A container as a program for Debian. */
export type ContainerProgram = Required<Pick<DebianProgram, "argv" | "env" | "files" | "user">>;

/** Specification of the pods of a workload that was declared. */
export function podSpec(
  resources: readonly Declared[],
  kind: "Job" | "CronJob" | "Deployment" | "StatefulSet",
  name: string,
): PodSpec {
  const template = kind === "CronJob" ? "spec.jobTemplate.spec.template" : "spec.template";
  return at(find(resources, kind, name).inputs, `${template}.spec`) as PodSpec;
}

/** What a container runs, with the environment and the files of ConfigMaps and Secrets that the program declared for it. */
export function containerProgram(resources: readonly Declared[], pod: PodSpec, name: string): ContainerProgram {
  const container = [...(pod.initContainers ?? []), ...pod.containers].find((c) => c.name === name);
  if (!container) throw new Error(`no container ${name}`);
  const contents = (kind: "ConfigMap" | "Secret", source: string) => {
    const { revealed } = find(resources, kind, source);
    return (revealed["data"] ?? revealed["stringData"] ?? {}) as Record<string, string>;
  };
  const env = (container.env ?? []).map(({ name: variable, value, valueFrom }) => {
    const { name: secret, key } = valueFrom?.secretKeyRef ?? {};
    return [variable, secret ? contents("Secret", secret)[key ?? ""] : value];
  });
  const files = container.volumeMounts.flatMap(({ name: volume, mountPath }) => {
    const source = pod.volumes.find((v) => v.name === volume);
    const data = source?.configMap
      ? contents("ConfigMap", source.configMap.name)
      : source?.secret
        ? contents("Secret", source.secret.secretName)
        : {};
    return Object.entries(data).map(([file, text]) => [`${mountPath}/${file}`, text]);
  });
  return {
    argv: container.command as [string, ...string[]],
    env: Object.fromEntries(env) as Record<string, string>,
    files: Object.fromEntries(files) as Record<string, string>,
    user: `${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`,
  };
}
