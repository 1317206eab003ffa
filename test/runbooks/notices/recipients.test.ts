import { describe, expect, it } from "vitest";
import { alertmanagerYaml } from "../../../components/observability/alertmanager/config.ts";
import { readConfig, recipients } from "../../../runbooks/notices/recipients.ts";
import { notices, routed } from "../../components/observability/noticesSample.ts";

const config = readConfig(alertmanagerYaml(notices(), { secrets: "/secrets", forwarder: "http://forwarder" }));
/** A Monday at noon in Shanghai, and the night after. */
const [day, night] = [new Date("2026-11-23T04:00:00Z"), new Date("2026-11-23T16:00:00Z")];

describe("whom an alert goes to", () => {
  // The same table is asked of amtool in test/components/observability/config.test.ts.
  it.each(routed)("is told for one %s", (_, labels, expected) => {
    const pairs = Object.fromEntries(labels.map((label) => label.split("="))) as Record<string, string>;
    const found = recipients(config, pairs, day);
    expect(found.map(({ receiver }) => receiver).join()).toBe(expected);
    expect(found.filter(({ heldBackBy }) => heldBackBy)).toEqual([]);
  });

  it("is told with what holds it back", () =>
    expect(recipients(config, { severity: "warning" }, night)).toEqual([
      { receiver: "tickets" },
      { receiver: "mail", heldBackBy: "working-hours" },
      { receiver: "team", heldBackBy: "working-hours" },
    ]));

  it("is told of an operator's configuration, whose days are ranges and whose routes are nested", () => {
    const operated = readConfig(`
route:
  receiver: "null"
  routes:
    - { matchers: ['stack="other"'], receiver: other/notices/oncall, continue: true }
    - matchers: ['stack="dify"']
      receiver: dify-data/notices/nobody
      continue: true
      routes:
        - { matchers: ['severity=~"warning|info"'], receiver: dify-data/notices/mail, active_time_intervals: [hours] }
time_intervals:
  - { name: hours, time_intervals: [{ weekdays: ["monday:friday"], times: [{ start_time: "01:00", end_time: "10:00" }] }] }
receivers: []`);
    const told = (severity: string, at: Date) => recipients(operated, { stack: "dify", severity }, at);
    expect(told("warning", day)).toEqual([{ receiver: "dify-data/notices/mail" }]);
    expect(told("warning", night)).toEqual([{ receiver: "dify-data/notices/mail", heldBackBy: "hours" }]);
    expect(told("warning", new Date("2026-11-22T04:00:00Z"))[0]).toHaveProperty("heldBackBy");
    expect(told("critical", day)).toEqual([{ receiver: "dify-data/notices/nobody" }]);
  });
});
