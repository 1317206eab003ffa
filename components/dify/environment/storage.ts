import type * as pulumi from "@pulumi/pulumi";
import type { ObjectStoreConnection } from "../../objectStore/connection.ts";
import type { Environment } from "./environment.ts";

/** What of a connection these settings are made of: plain text will do, for an installation that no stack runs. */
interface Store extends Pick<ObjectStoreConnection, "region" | "addressing"> {
  readonly endpoint: pulumi.Input<string>;
}

interface Login {
  readonly bucket: string;
  readonly accessKey: pulumi.Input<string>;
  readonly secretKey: pulumi.Input<string>;
}

/** Dify's files and the keys of its tenants, in the object store. */
export function storageEnvironment(
  store: Store & { readonly dify: Login },
  authority: string | undefined,
): Environment {
  return {
    plain: {
      STORAGE_TYPE: "s3",
      S3_ENDPOINT: store.endpoint,
      S3_REGION: store.region,
      S3_BUCKET_NAME: store.dify.bucket,
      S3_ADDRESS_STYLE: store.addressing,
      // With "true" endpoint and address style would be ignored.
      S3_USE_AWS_MANAGED_IAM: "false",
      ...(authority && { AWS_CA_BUNDLE: authority }),
    },
    secret: { S3_ACCESS_KEY: store.dify.accessKey, S3_SECRET_KEY: store.dify.secretKey },
  };
}

/** Plugin packages and what plugins store, in a bucket of their own. */
export function pluginStorageEnvironment(store: Store & { readonly plugins: Login }): Environment {
  return {
    plain: {
      PLUGIN_STORAGE_TYPE: "aws_s3",
      PLUGIN_STORAGE_OSS_BUCKET: store.plugins.bucket,
      // Names without the prefix that Dify's composition gives them. "false" is needed for any endpoint of one's own.
      S3_USE_AWS: "false",
      S3_USE_AWS_MANAGED_IAM: "false",
      S3_ENDPOINT: store.endpoint,
      S3_USE_PATH_STYLE: `${store.addressing === "path"}`,
      // Mandatory for every store (dify#18183).
      AWS_REGION: store.region,
    },
    secret: { AWS_ACCESS_KEY: store.plugins.accessKey, AWS_SECRET_KEY: store.plugins.secretKey },
  };
}
