import { rule, type Problem } from "../rules.ts";
import { firstCoincidence } from "../schedule.ts";

/** Checks on what is restored for trial, and when. */
export const drillsRules = [
  rule("drills do not begin with what they look at", ["drills", "backup"], ({ drills, backup }) =>
    drills.enabled
      ? [
          ...apart("drills.light.schedule", drills.light.schedule, [
            "backup.coordinated.take",
            backup.coordinated.take,
          ]),
          ...apart("drills.full.schedule", drills.full.schedule, ["backup.coordinated.take", backup.coordinated.take]),
          ...apart("drills.full.schedule", drills.full.schedule, ["drills.light.schedule", drills.light.schedule]),
        ]
      : [],
  ),
  rule("drills restore from a site that there is", ["drills", "offsite"], ({ drills, offsite }) =>
    drills.enabled && offsite.backend === "none"
      ? (["light", "full"] as const)
          .filter((kind) => drills[kind].site === "offsite")
          .map((kind) => ({
            path: `drills.${kind}.site`,
            problem: 'it is "offsite", and there is no second site',
            remedy: 'set offsite.backend, or "cluster" here',
          }))
      : [],
  ),
];

function apart(path: string, own: string, [name, other]: readonly [string, string]): Problem[] {
  const both = firstCoincidence(other, own);
  return both
    ? [
        {
          path,
          problem: `"${own}" begins at the same minute as ${name} ("${other}"): ${both.toISOString()}`,
          remedy: "give it another hour: after the backup has ended, so that it is the newest",
        },
      ]
    : [];
}
