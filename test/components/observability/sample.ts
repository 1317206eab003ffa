import type { Settings } from "../../../config/settings.ts";
import { settings } from "../../support/settings.ts";

/** Sections of a stack with all that can be backed up and scraped. */
export const everything = {
  vectorStore: { kind: "qdrant" },
  offsite: {
    backend: "s3",
    endpoint: "https://s3.example.com",
    region: "us-east-1",
    backups: { bucket: "backups", accessKey: "backups" },
    catalogue: { bucket: "catalogue", accessKey: "catalogue" },
  },
  backup: {
    velero: { enabled: true },
    snapshots: { class: "topolvm" },
    clusterEtcd: { endpoints: ["https://10.0.0.11:2379", "https://10.0.0.12:2379"], secret: "etcd" },
    edge: { sites: [{ name: "north", claims: ["files"] }] },
  },
} as const;

export const wholeStack = (): Settings => settings({ ...everything, observability: { backend: "bundled" } });
