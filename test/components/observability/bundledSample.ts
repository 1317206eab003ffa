import * as pulumi from "@pulumi/pulumi";
import type { CertificateAuthority } from "../../../components/network/certificates.ts";
import { namespaceNames } from "../../../components/network/namespaces.ts";
import { BundledMonitoring } from "../../../components/observability/bundled/monitoring.ts";
import type { Settings } from "../../../config/settings.ts";
import { declare, type Declared } from "../../support/mocks.ts";
import { settings } from "../../support/settings.ts";
import { notices, receivers } from "./noticesSample.ts";
import { everything } from "./sample.ts";

/** A stack with all that can be scraped, which watches itself and tells people in every way. */
export const watchingItself = (more: Readonly<Record<string, unknown>> = {}): Settings =>
  settings({
    ...everything,
    observability: { backend: "bundled", ...more },
    notices: { ...notices({ receivers }), forwarder: {} },
  });

/** What it declares for that. @param more Settings of its monitoring. */
export const declareMonitoring = (more?: Readonly<Record<string, unknown>>): Promise<Declared[]> =>
  declare(() => {
    const all = watchingItself(more);
    if (all.observability.backend !== "bundled") throw new Error("not bundled");
    const secret = { metadata: { name: pulumi.output("alertmanager-tls") }, data: pulumi.output({}) };
    new BundledMonitoring("monitoring", {
      settings: all,
      bundled: all.observability,
      namespaces: namespaceNames(all.cluster),
      authority: { certificate: pulumi.output("PEM"), issue: () => ({ secret }) } as unknown as CertificateAuthority,
      credentials: {
        password: (name) => pulumi.secret(`value-of-${name}`),
        notice: (name) => pulumi.secret(`value-of-${name}`),
      },
    });
  });
