import { backupJobsOf, dataSetOf } from "../../read/backups.ts";
import { rule, violation } from "../../rule.ts";

/** Where one copy of a data set lies. */
export interface Copy {
  /** What holds it: two copies on the same are lost together. */
  readonly medium: string;
  readonly offSite: boolean;
}

/** How many there must be of each. */
export interface CopiesWanted {
  readonly copies: number;
  readonly media: number;
  readonly offSite: number;
}

/** B10: three copies on two media, one of them off site. */
export function copyViolations(dataSet: string, copies: readonly Copy[], wanted: CopiesWanted): string[] {
  const media = new Set(copies.map(({ medium }) => medium)).size;
  const away = copies.filter(({ offSite }) => offSite).length;
  const remedy = "set offsite.backend, or name more places in the annotation dify-ha/backup-copies of its CronJobs";
  const short = [
    ...violation(copies.length < wanted.copies, `${copies.length} of ${wanted.copies} copies`),
    ...violation(media < wanted.media, `${media} of ${wanted.media} media`),
    ...violation(away < wanted.offSite, `${away} of ${wanted.offSite} copies off site`),
  ];
  return violation(short.length > 0, `data set "${dataSet}" has ${short.join(", ")}: ${remedy}`);
}

/** What is written to an object store of the cluster lies in it; what has another host is off site. */
const inCluster = /(\.svc(\.[\w.-]+)?|\.local)$|^localhost$|^127\./;

/** What objects of the cluster's own store lie in, the original as well as a copy in another bucket of it. */
const ownStore = "object store of the cluster";

export function copyAt(url: string): Copy {
  if (url.startsWith("csi://")) return { medium: "volume", offSite: false };
  const host = URL.canParse(url) ? new URL(url).hostname : url;
  return inCluster.test(host) ? { medium: ownStore, offSite: false } : { medium: host, offSite: true };
}

/** The data set itself, and every place that its jobs write to; a place counts once. */
export function copiesOf(dataSet: string, urls: readonly string[]): Copy[] {
  const original: Copy = { medium: dataSet === "object-copy" ? ownStore : "volume", offSite: false };
  return [original, ...[...new Set(urls)].map(copyAt)];
}

export const threeTwoOne = rule({
  name: "three-two-one",
  requirement: "B10",
  description: "Every data set has three copies on two media, one of them off site, as its jobs declare.",
  why: "What lies in one place, or on one kind of storage, is lost by one fire or one fault of it.",
  remediation: "Give the stack an off site (offsite.backend), and let every backup job write to both sites.",
  severity: "critical",
  sees: "stack",
  parameters: {
    copies: { type: "integer", minimum: 1, description: "Copies, the original among them.", default: 3 },
    media: { type: "integer", minimum: 1, description: "Kinds of storage that hold one.", default: 2 },
    offSite: { type: "integer", minimum: 0, description: "Copies at another site.", default: 1 },
  },
  subjects: (resource, stack) => {
    const dataSet = dataSetOf(resource);
    const jobs = dataSet === undefined ? [] : backupJobsOf(dataSet, stack);
    if (dataSet === undefined || jobs.length === 0) return [];
    return [
      {
        dataSet,
        copies: copiesOf(
          dataSet,
          jobs.flatMap((job) => job.copies),
        ),
      },
    ];
  },
  check: ({ dataSet, copies }, wanted) => copyViolations(dataSet, copies, wanted),
});
