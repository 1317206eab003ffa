import { expect, it } from "vitest";
import { maximumAge, scheduledJobs } from "../../../components/backup/schedules.ts";
import { backupKeys } from "../../../components/workload/backupKeys.ts";
import { everything } from "../observability/sample.ts";
import { declareBackups } from "../../support/backupSample.ts";
import { at } from "../../support/mocks.ts";
import { settings } from "../../support/settings.ts";

/** Name, schedule and seconds after which a run has failed. */
type Job = readonly [name: string, schedule: string, deadline: number];

const byName = (jobs: readonly Job[]) => jobs.toSorted(([a], [b]) => (a < b ? -1 : 1));

it.each([
  ["all that can be backed up", everything, { ...everything, drills: {} }],
  ["one site", {}, { sites: 1, drills: {} }],
] as const)(
  "the table of jobs is what the program declares for %s",
  async (_, sections, sample) => {
    const declared = await declareBackups(sample);
    const cronJobs = declared.filter(({ type, inputs }) => {
      const template = at(inputs, `metadata.annotations`) as Record<string, string> | undefined;
      return type.endsWith(":CronJob") && template?.[backupKeys.template] !== "yes";
    });
    const jobs = cronJobs.map(({ name, inputs }) => {
      const deadline = at(inputs, "spec.jobTemplate.spec.activeDeadlineSeconds") as number;
      return [name, at(inputs, "spec.schedule") as string, deadline] as const;
    });
    const table = scheduledJobs(settings(sections)).map(
      ({ name, schedule, deadline }) => [name, schedule, deadline * 3600] as const,
    );
    expect(byName(table)).toEqual(byName(jobs));
  },
  90_000,
);

it("a run may be as old as the longest gap, and what one may take", () => {
  expect(maximumAge({ schedule: "0 2 * * *", deadline: 6 })).toBe(30 * 3600);
  expect(maximumAge({ schedule: "45 3 * * 1-6", deadline: 6 })).toBe(54 * 3600);
});
