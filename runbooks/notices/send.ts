import { alertLabels, testAlert } from "../../components/observability/alertmanager/labels.ts";
import { nobody } from "../../components/observability/alertmanager/routing.ts";
import type { Severity } from "../../config/notices.ts";
import { Failure } from "../../local/failure.ts";
import type { Alert, Alertmanager } from "./alertmanager.ts";
import { recipients, type RunningConfig } from "./recipients.ts";

/** What is to be tested. */
export interface Test {
  /** Prefix of the stack. */
  readonly stack: string;
  readonly severity: Severity;
  /** The one who gets it, at any hour; whoever gets the severity when left out. */
  readonly receiver?: string | undefined;
  readonly dryRun: boolean;
}

/** Minutes after which a test is over by itself: then whoever got it is told so. */
export const testMinutes = 3;

/** The alert of a test. Each is one of its own: it joins no group that was told of before. */
export function testOf({ stack, severity, receiver }: Test, now: Date): Alert {
  const ends = new Date(now.getTime() + testMinutes * 60_000);
  return {
    labels: {
      ...{ alertname: testAlert, severity, [alertLabels.stack]: stack, [alertLabels.test]: now.toISOString() },
      ...(receiver !== undefined && { [alertLabels.receiver]: receiver }),
    },
    annotations: {
      summary: `This is a test of notices of severity ${severity}: nothing is wrong. It ends by itself after ${testMinutes} minutes.`,
    },
    startsAt: now.toISOString(),
    endsAt: ends.toISOString(),
  };
}

/** Sends a test, and says to whom. @returns false when nobody would get it: then nothing is sent. */
export async function sendTest(alertmanager: Alertmanager, test: Test, say: (line: string) => void): Promise<boolean> {
  const now = new Date();
  const config = await alertmanager.config();
  refuseUnknown(config, test.receiver);
  const alert = testOf(test, now);
  const all = recipients(config, alert.labels, now).filter(({ receiver }) => shortName(receiver) !== nobody);
  for (const { receiver, heldBackBy } of all)
    if (heldBackBy !== undefined) say(`Not now: ${shortName(receiver)}, as it is outside of ${heldBackBy}.`);
  const told = all.filter(({ heldBackBy }) => heldBackBy === undefined).map(({ receiver }) => shortName(receiver));
  if (told.length === 0) {
    say(`Nobody gets alerts of severity ${test.severity} now; nothing is sent.`);
    return false;
  }
  if (test.dryRun) {
    say(`A test would go to ${told.join(", ")}.`);
    return true;
  }
  await alertmanager.post(alert);
  say(
    `Alertmanager took the test. It goes to ${told.join(", ")}, and again when it is over, in ${testMinutes} minutes.`,
  );
  return true;
}

function refuseUnknown({ receivers }: RunningConfig, receiver: string | undefined): void {
  const names = receivers.map(({ name }) => shortName(name)).filter((name) => name !== nobody);
  if (receiver !== undefined && !names.includes(receiver))
    throw new Failure(`There is no receiver "${receiver}"; Alertmanager knows ${names.join(", ") || "none"}.`);
}

/** An operator calls a receiver NAMESPACE/RESOURCE/NAME. */
const shortName = (receiver: string): string => receiver.split("/").at(-1) ?? receiver;
