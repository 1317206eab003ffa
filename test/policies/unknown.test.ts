import { describe, expect, it } from "vitest";
import type { Resource } from "../../policies/read/resource.ts";
import { inPreview, judge, unknownText } from "../support/policies.ts";

/** A ConfigMap and a Deployment as a first preview shows them: what has yet to be made is unknown. */
function configMap(data: unknown): Resource {
  return inPreview({
    type: "kubernetes:core/v1:ConfigMap",
    name: "api",
    inputs: { metadata: { name: "api", namespace: "dify" }, data },
  });
}

function deployment(container: Record<string, unknown>, template: Record<string, unknown> = {}): Resource {
  return inPreview({
    type: "kubernetes:apps/v1:Deployment",
    name: "api",
    inputs: {
      metadata: { name: "api", namespace: "dify" },
      spec: { replicas: 1, template: { ...template, spec: { containers: [{ name: "api", ...container }] } } },
    },
  });
}

function findings(resource: Resource, rule: string) {
  const { violations, unknown } = judge([resource], "prod");
  return {
    violations: violations.filter((v) => v.rule === rule).map((v) => v.message),
    unknown: unknown.filter((v) => v.rule === rule).map((v) => v.message),
  };
}

describe("a value that a preview cannot know", () => {
  it("does not hide what is wrong beside it", () => {
    const { violations, unknown } = findings(
      configMap({ "ca.crt": unknownText, DB_PASSWORD: "hunter2" }),
      "plain-secrets",
    );
    expect(violations).toEqual([expect.stringContaining('"DB_PASSWORD"')]);
    expect(unknown).toEqual(['entry "ca.crt"']);
  });

  it("is a violation where no value could be right", () =>
    expect(findings(deployment({ env: [{ name: "DB_PASSWORD", value: unknownText }] }), "plain-secrets")).toEqual({
      violations: [expect.stringContaining('"DB_PASSWORD"')],
      unknown: [],
    }));

  it("is reported by every rule that needs it, and by no other", () => {
    const image = deployment({ image: unknownText });
    expect(findings(image, "pinned-images").unknown).toEqual(["image"]);
    expect(findings(image, "plain-secrets").unknown).toEqual([]);
    expect(findings(image, "hardened-pods").violations).not.toEqual([]);
  });

  it("that no rule needs is no hindrance", () => {
    const checksum = { metadata: { annotations: { checksum: unknownText } } };
    expect(judge([deployment({ image: "redis:8.0.2" }, checksum)], "prod").unknown).toEqual([]);
  });

  it("is reported where a whole specification is unknown", () => {
    const bare = inPreview({
      type: "kubernetes:apps/v1:StatefulSet",
      name: "postgres",
      inputs: { metadata: { name: "postgres" }, spec: unknownText },
    });
    const rules = judge([bare], "prod").unknown.map(({ rule }) => rule);
    expect(rules).toEqual(
      expect.arrayContaining(["declared-backup", "disruption-budget", "hardened-pods", "pinned-images"]),
    );
  });
});
