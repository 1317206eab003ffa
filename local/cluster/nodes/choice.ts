import { Failure } from "../../failure.ts";
import { readSettings, type NodeKind } from "../layout.ts";
import { machineFacts, obstacle } from "./real/possible.ts";

/** Which nodes a cluster gets, and how that is told. */
export interface NodeChoice {
  readonly kind: NodeKind;
  /** With the reason, when they are simulated, and what is then not shown. */
  readonly description: string;
}

/** @param reason why they are not real. */
export const simulatedNodes = (reason: string): NodeChoice => ({
  kind: "simulated",
  description: `simulated nodes in three zones, since ${reason}: containers, traffic, volumes and failovers are not shown`,
});

/**
 * Real nodes where the machine allows it. `NODES=simulated` asks for less: quicker, and enough to look at what would be deployed. A cluster
 * that exists keeps the nodes it has.
 * @throws when NODES is anything else, or asks for what this machine or the cluster that exists cannot give.
 */
export function chooseNodes(dir: string, wanted = process.env["NODES"], facts = machineFacts()): NodeChoice {
  if (wanted !== undefined && wanted !== "" && wanted !== "real" && wanted !== "simulated")
    throw new Failure(`NODES is "${wanted}": set it to "real" or "simulated", or leave it out.`);
  const present = readSettings(dir)?.nodes;
  if (present && wanted && wanted !== present)
    throw new Failure(`NODES is "${wanted}", but the cluster that exists has ${present} nodes: run make down first.`);
  const problem = obstacle(facts);
  if (wanted === "real" && problem) throw new Failure(`NODES is "real", but ${problem}.`);
  if (present === "simulated") return simulatedNodes("the cluster was made with them");
  if (wanted === "simulated") return simulatedNodes("NODES asks for them");
  if (problem) return simulatedNodes(problem);
  return { kind: "real", description: "real nodes in three zones" };
}
