import { Deployment } from "@pulumi/kubernetes/apps/v1/index.js";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/index.js";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random";

const config = new pulumi.Config();
export const greeting = config.require("greeting");
export const password = new RandomPassword("password", { length: 20 }).result;

const namespace = config.get("namespace");
if (namespace) {
  const settings = new ConfigMap("settings", { metadata: { name: "settings", namespace }, data: { greeting } });
  const labels = { app: "waiting" };
  new Deployment(
    "waiting",
    {
      metadata: { name: "waiting", namespace },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels, annotations: config.getBoolean("hold") ? { "dify-ha.local/simulate": "hold" } : {} },
          spec: { containers: [{ name: "main", image: "example.test/main:1" }] },
        },
      },
    },
    { dependsOn: settings },
  );
}
