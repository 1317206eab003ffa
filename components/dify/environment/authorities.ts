import type * as pulumi from "@pulumi/pulumi";
import type { ObjectStoreConnection } from "../../objectStore/connection.ts";
import type { PostgresConnection } from "../../postgres/connection.ts";

/** Where the certificates of private authorities are mounted in every pod that calls a server of theirs. */
export const authoritiesFolder = "/etc/dify-ha/authorities";

const postgresFile = "postgres.crt";
const objectStoreFile = "object-store.crt";

/** Path of the authority of each server; undefined where a public one signed. */
export interface Authorities {
  readonly postgres: string | undefined;
  readonly objectStore: string | undefined;
}

interface Servers {
  readonly postgres: Pick<PostgresConnection, "caCertificate">;
  readonly objectStore: Pick<ObjectStoreConnection, "caCertificate">;
}

export function authorities({ postgres, objectStore }: Servers): Authorities {
  return {
    postgres: postgres.caCertificate && `${authoritiesFolder}/${postgresFile}`,
    objectStore: objectStore.caCertificate && `${authoritiesFolder}/${objectStoreFile}`,
  };
}

/** The files behind these paths. */
export function authorityFiles({ postgres, objectStore }: Servers): Record<string, pulumi.Output<string>> {
  return {
    ...(postgres.caCertificate && { [postgresFile]: postgres.caCertificate }),
    ...(objectStore.caCertificate && { [objectStoreFile]: objectStore.caCertificate }),
  };
}
