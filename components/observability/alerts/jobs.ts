/** What kube-state-metrics tells of CronJobs, as expressions: each returns series with the labels namespace and cronjob. */

const by = "namespace, cronjob";

/**
 * No run has ended well for so long; of one that never did, since the CronJob was made. The value is the age.
 * @param matchers Of one CronJob.
 * @param seconds How long is too long.
 */
export function late(matchers: string, seconds: number): string {
  return `time() - ${lastSuccess(matchers)} > ${seconds}`;
}

/** When the last good run ended, or else when the CronJob was made. */
export function lastSuccess(matchers: string): string {
  const ended = `max by (${by}) (kube_cronjob_status_last_successful_time${matchers})`;
  return `(${ended} or max by (${by}) (kube_cronjob_created${matchers}))`;
}

/**
 * The CronJob is gone. Silent where nothing is told of any: then MetricsMissing fires, once.
 * @param matchers Of its namespace.
 */
export function missing(matchers: string, cronJob: string): string {
  const told = and(matchers, `cronjob="${cronJob}"`);
  return `absent(kube_cronjob_created${told}) and on () count(kube_cronjob_created) > 0`;
}

/** @param matchers Of their namespace. */
export function suspended(matchers: string, cronJobs: readonly string[]): string {
  const told = and(matchers, `cronjob=~"${cronJobs.join("|")}"`);
  return `max by (${by}) (kube_cronjob_spec_suspend${told}) == 1`;
}

/**
 * A run that began after the last good one ended has failed: all its tries, not one of them. Silent when a later run ends well.
 * @param matchers Of their namespace.
 */
export function failedRun(matchers: string, cronJobs: readonly string[]): string {
  const owner = and(matchers, `owner_kind="CronJob", owner_name=~"${cronJobs.join("|")}"`);
  const failed = `max by (namespace, job_name) (kube_job_failed${and(matchers, 'condition="true"')}) == 1`;
  const begun = `max by (namespace, job_name) (kube_job_status_start_time${matchers}) and on (namespace, job_name) (${failed})`;
  const owned = `max by (namespace, job_name, owner_name) (kube_job_owner${owner})`;
  const runs = `(${begun}) * on (namespace, job_name) group_left (owner_name) ${owned}`;
  return `max by (${by}) (label_replace(${runs}, "cronjob", "$1", "owner_name", "(.+)")) > on (${by}) ${lastSuccess(matchers)}`;
}

/** '{namespace="dify-data"}' and more matchers. */
function and(matchers: string, more: string): string {
  return matchers.replace(/\}$/, `, ${more}}`);
}
