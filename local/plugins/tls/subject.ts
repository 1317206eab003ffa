import type { JsonName } from "@peculiar/x509";
import { z } from "zod";

const text = z.string().optional();

/** Who a certificate is about. */
export const subjectInputs = z
  .strictObject({
    commonName: text,
    country: text,
    emailAddress: text,
    locality: text,
    organization: text,
    organizationalUnit: text,
    postalCode: text,
    province: text,
    serialNumber: text,
    streetAddresses: z.array(z.string()).optional(),
  })
  .default({});

export type Subject = z.infer<typeof subjectInputs>;

/** Object identifiers in the order in which Go's crypto/x509, and so the vendor's plugin, writes them. */
const ATTRIBUTES: readonly (readonly [keyof Subject, string])[] = [
  ["country", "2.5.4.6"],
  ["organization", "2.5.4.10"],
  ["organizationalUnit", "2.5.4.11"],
  ["locality", "2.5.4.7"],
  ["province", "2.5.4.8"],
  ["streetAddresses", "2.5.4.9"],
  ["postalCode", "2.5.4.17"],
  ["commonName", "2.5.4.3"],
  ["serialNumber", "2.5.4.5"],
  ["emailAddress", "1.2.840.113549.1.9.1"],
];

export function distinguishedName(subject: Subject): JsonName {
  return ATTRIBUTES.flatMap(([field, oid]) => {
    const value = subject[field];
    const values = typeof value === "string" ? [value] : (value ?? []);
    return values.map((each) => ({ [oid]: [each] }));
  });
}
