import { describe, expect, it } from "vitest";
import type { Resource } from "../../../policies/read/resource.ts";
import { hardenedPods } from "../../../policies/rules/security/hardenedPods.ts";

const container = {
  name: "main",
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    readOnlyRootFilesystem: true,
  },
};
const pod = {
  securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
  containers: [container],
};

function violations(spec: Record<string, unknown>, settings: Record<string, unknown> = {}): readonly string[] {
  const resource: Resource = {
    type: "kubernetes:apps/v1:Deployment",
    name: "sandbox",
    inputs: { metadata: { name: "sandbox" }, spec: { template: { spec } } },
  };
  return hardenedPods.judge(resource, [resource], settings).violations;
}
const containerWith = (security: Record<string, unknown>) => ({
  ...pod,
  containers: [{ ...container, securityContext: { ...container.securityContext, ...security } }],
});
const podWith = (security: Record<string, unknown>) => ({
  ...pod,
  securityContext: { ...pod.securityContext, ...security },
});

describe("pods are hardened", () => {
  it("accepts one that is kept from everything", () => expect(violations(pod)).toEqual([]));

  it.each<[string, Record<string, unknown>]>([
    ["non-root", podWith({ runAsNonRoot: undefined })],
    ["non-root", podWith({ runAsUser: 0 })],
    ["non-root", containerWith({ runAsNonRoot: false })],
    ["read-only-root", containerWith({ readOnlyRootFilesystem: false })],
    ["no-escalation", containerWith({ allowPrivilegeEscalation: undefined })],
    ["no-privileges", containerWith({ privileged: true })],
    ["no-capabilities", containerWith({ capabilities: { drop: ["NET_RAW"] } })],
    ["no-capabilities", containerWith({ capabilities: { drop: ["ALL"], add: ["NET_ADMIN"] } })],
    ["seccomp", podWith({ seccompProfile: undefined })],
    ["seccomp", containerWith({ seccompProfile: { type: "Unconfined" } })],
    ["own-host", { ...pod, hostNetwork: true }],
    ["own-host", { ...pod, volumes: [{ name: "root", hostPath: { path: "/" } }] }],
  ])("refuses one without %s", (protection, spec) =>
    expect(violations(spec)).toEqual([expect.stringContaining(`[${protection}]`)]),
  );

  it("looks at every container", () => {
    const bare = { name: "bare", securityContext: { ...container.securityContext, readOnlyRootFilesystem: false } };
    expect(violations({ ...pod, initContainers: [bare] })).toEqual([expect.stringContaining('"bare"')]);
    expect(violations({ ...pod, ephemeralContainers: [bare] })).toEqual([expect.stringContaining('"bare"')]);
  });

  it("allows what an exception names, and nothing else", () => {
    const exceptions = { sandbox: { allow: ["read-only-root"], reason: "unpacks what it runs at every start" } };
    const writable = containerWith({ readOnlyRootFilesystem: false });
    expect(violations(writable, { exceptions })).toEqual([]);
    expect(violations(containerWith({ privileged: true }), { exceptions })).toHaveLength(1);
    expect(violations(writable, { exceptions: { api: exceptions.sandbox } })).toHaveLength(1);
  });
});
