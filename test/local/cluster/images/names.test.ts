import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { coreDnsImage, fullName, registryOf } from "../../../../local/cluster/images/names.ts";

describe("the name of an image on a node", () => {
  it.each([
    ["haproxy:3.0.11", "docker.io/library/haproxy:3.0.11"],
    ["pgsty/silo:RELEASE.2026-09-03T13-18-01Z", "docker.io/pgsty/silo:RELEASE.2026-09-03T13-18-01Z"],
    ["gcr.io/etcd-development/etcd:v3.6.5", "gcr.io/etcd-development/etcd:v3.6.5"],
    ["redis", "docker.io/library/redis:latest"],
    ["localhost/redis:8", "localhost/redis:8"],
    ["mirror.example.com:5000/redis", "mirror.example.com:5000/redis:latest"],
    ["redis:8@sha256:0f1e", "docker.io/library/redis@sha256:0f1e"],
  ])("of %s is %s", (name, full) => expect(fullName(name)).toBe(full));

  it("tells the registry", () => {
    expect(registryOf("langgenius/dify-api:1.15.0")).toBe("docker.io");
    expect(registryOf("127.0.0.1:5000/langgenius/dify-api:1.15.0")).toBe("127.0.0.1:5000");
  });

  it("is the same in the manifest of DNS", () => {
    const file = new URL("../../../../local/cluster/nodes/real/coredns.yaml", import.meta.url);
    const manifests = parseAllDocuments(readFileSync(file, "utf8")).map((document) => document.toJS() as object);
    expect(manifests.find((manifest) => "kind" in manifest && manifest.kind === "DaemonSet")).toHaveProperty(
      "spec.template.spec.containers.0.image",
      coreDnsImage,
    );
  });
});
