import { awsNames, identityArn } from "../../../components/offsite/aws/names.ts";
import { offsiteSettings, type AwsOffsiteSettings } from "../../../config/offsite.ts";

/** The section as a stack file gives it. */
export const awsSection = {
  backend: "aws",
  account: "111122223333",
  region: "eu-central-1",
  replicaRegion: "eu-west-1",
  buckets: { backups: "acme-backups", catalogue: "acme-catalogue" },
};

export function awsSettings(changes: Readonly<Record<string, unknown>> = {}): AwsOffsiteSettings {
  return offsiteSettings.parse({ ...awsSection, ...changes }) as AwsOffsiteSettings;
}

export const names = awsNames("dify", awsSettings());
export const { home, replica } = names.buckets;
export const arnOf = {
  user: (name: string) => identityArn(awsSection.account, "user", name),
  role: (name: string) => identityArn(awsSection.account, "role", name),
  object: (bucket: string) => `arn:aws:s3:::${bucket}/archive/000000010000000000000001`,
  bucket: (bucket: string) => `arn:aws:s3:::${bucket}`,
};
