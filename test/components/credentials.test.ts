import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { Credentials } from "../../components/credentials.ts";
import * as k8s from "@pulumi/kubernetes";
import { at, declare, find, secretMarker } from "../support/mocks.ts";

/** Declares a Secret with what the credentials give, so that it can be looked at. */
function declareSecret(given?: string) {
  return declare(() => {
    const credentials = new Credentials("credentials", {
      protect: false,
      given: (name) => (name === "redisPassword" && given ? pulumi.secret(given) : undefined),
    });
    const redis = credentials.password("redisPassword");
    new k8s.core.v1.Secret("redis", { stringData: { first: redis, again: credentials.password("redisPassword") } });
  });
}

describe("credentials", () => {
  it("are generated once, and kept secret", async () => {
    const resources = await declareSecret();
    const { inputs, revealed } = find(resources, "Secret", "redis");
    expect(inputs["stringData"]).toEqual({ first: secretMarker, again: secretMarker });
    expect(at(revealed, "stringData.first")).toBe("generated-password-of-redisPassword");
    expect(resources.filter((r) => r.type.endsWith(":RandomPassword"))).toHaveLength(1);
  });

  it("are those of the operator where given", async () => {
    const resources = await declareSecret("from the operator");
    expect(at(find(resources, "Secret", "redis").revealed, "stringData.again")).toBe("from the operator");
    expect(resources.some((r) => r.type.endsWith(":RandomPassword"))).toBe(false);
  });
});
