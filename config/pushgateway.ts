import { z } from "zod";
import { bytes, image, resources } from "./units.ts";

/** Where jobs tell their figures, from which Prometheus reads them: docs/metrics.md. */
export const pushgatewaySettings = z
  .strictObject({
    image: image.default("prom/pushgateway:v1.11.1"),
    /** Volume with the newest figures of each job, for when it starts anew. */
    storage: bytes.default("1Gi"),
    resources: resources("20m", "128Mi"),
  })
  .prefault({});

export type PushgatewaySettings = z.infer<typeof pushgatewaySettings>;
