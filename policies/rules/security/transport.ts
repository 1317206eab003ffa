import { containersOf } from "../../read/pods.ts";
import { kindOf, type Resource } from "../../read/resource.ts";
import { entries, list, number, text } from "../../read/values.ts";
import { rule, violation } from "../../rule.ts";

/** A way to PostgreSQL, and how much of it a client checks. */
export interface PostgresClient {
  readonly place: string;
  readonly mode: string;
}

/** Where libpq's mode is said: PGSSLMODE, `sslmode=` in an address, `sslmode:` in a file. */
const inText = /\bsslmode\s*[=:]\s*["']?([a-z-]+)/g;

function clientsOf(resource: Resource): PostgresClient[] {
  if (kindOf(resource) === "ConfigMap")
    return entries(resource.inputs, "data").flatMap(([name, value]) =>
      typeof value !== "string"
        ? []
        : name === "PGSSLMODE"
          ? [{ place: `entry "${name}"`, mode: value }]
          : [...value.matchAll(inText)].map(([, mode = ""]) => ({ place: `entry "${name}"`, mode })),
    );
  return containersOf(resource).flatMap(({ name, definition }) =>
    list(definition, "env")
      .filter((variable) => text(variable, "name") === "PGSSLMODE")
      .map((variable) => ({ place: `container "${name}"`, mode: text(variable, "value") ?? "" })),
  );
}

export const postgresTls = rule({
  name: "postgres-tls",
  requirement: "H14",
  description: "Clients of PostgreSQL use TLS, and check whom they speak to.",
  why: "With a weaker mode a client sends its password to whoever answers, in clear if asked to.",
  remediation: "Set sslmode to verify-full, with the authority's certificate in sslrootcert.",
  severity: "high",
  sees: "resource",
  subjects: clientsOf,
  check: ({ place, mode }) =>
    violation(
      mode !== "verify-full" && mode !== "verify-ca",
      `${place} reaches PostgreSQL with sslmode "${mode}", which checks nobody: set it to verify-full`,
    ),
});

/** A certificate that the stack signs. */
export interface Certificate {
  readonly days: number;
  /** Days before its end from which an update makes the next. */
  readonly renewDays: number;
}

export function certificateViolations({ days, renewDays }: Certificate, maximumDays: number): string[] {
  return [
    ...violation(
      days > maximumDays,
      `it is good for ${days} days; the policy asks for ${maximumDays} at most: shorten it`,
    ),
    ...violation(
      renewDays <= 0,
      "it ends while it is in use: set earlyRenewalHours (network.certificates.renewBeforeDays)",
    ),
  ];
}

export const certificates = rule({
  name: "certificates",
  requirement: "H14",
  description: "Certificates of servers and clients end, and are renewed before they do.",
  why: "A key that was taken is good until its certificate ends; one that ends unnoticed stops everything.",
  remediation: "Set validityPeriodHours and earlyRenewalHours (network.certificates).",
  severity: "medium",
  sees: "resource",
  parameters: {
    maximumDays: { type: "integer", minimum: 1, description: "Days for which one is good.", default: 398 },
  },
  subjects: (resource) =>
    resource.type.endsWith(":LocallySignedCert")
      ? [
          {
            days: Math.ceil((number(resource.inputs, "validityPeriodHours") ?? 0) / 24),
            renewDays: (number(resource.inputs, "earlyRenewalHours") ?? 0) / 24,
          },
        ]
      : [],
  check: (certificate, { maximumDays }) => certificateViolations(certificate, maximumDays),
});
