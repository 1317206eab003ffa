import { describe, expect, it } from "vitest";
import { clusterProblems, type PatroniCluster, type PatroniMember } from "./patroni.ts";

const leader: PatroniMember = { name: "postgres-1", role: "leader", state: "running", timeline: 4 };
const standby = (name: string): PatroniMember => ({
  name,
  role: "quorum_standby",
  state: "streaming",
  timeline: 4,
  lag: 0,
});
const whole: PatroniCluster = { members: [standby("postgres-0"), leader, standby("postgres-2")] };
const [first, , third] = whole.members as [PatroniMember, PatroniMember, PatroniMember];

describe("Patroni's cluster has healed", () => {
  it("when all stream from one leader and are waited for", () => expect(clusterProblems(whole, 3)).toEqual([]));
  it.each<[string, PatroniCluster, string]>([
    ["a member is missing", { members: [first, leader] }, "2 of 3 members"],
    ["nobody leads", { members: [first, { ...leader, state: "starting" }, third] }, "0 running leaders"],
    [
      "a standby does not stream",
      { members: [{ ...first, state: "start failed" }, leader, third] },
      "postgres-0 is start failed",
    ],
    ["commits do not wait for a standby", { members: [{ ...first, role: "replica" }, leader, third] }, "1 synchronous"],
    [
      "a standby is on another timeline",
      { members: [{ ...first, timeline: 3 }, leader, third] },
      "different timelines",
    ],
    [
      "a member waits for a restart",
      { members: [{ ...first, pending_restart: true }, leader, third] },
      "waits for a restart",
    ],
    ["it is paused", { ...whole, pause: true }, "paused"],
  ])("not while %s", (_, cluster, problem) =>
    expect(clusterProblems(cluster, 3)).toContainEqual(expect.stringContaining(problem)),
  );
});
