import * as pulumi from "@pulumi/pulumi";
import { declare, type Declared } from "../../render/declare.ts";
import { stackConfiguration } from "../../render/program.ts";

/** What the program registers for stack staging with a mesh. Once a process, as for any stack. */
export async function declareMeshed(): Promise<Declared[]> {
  const { values, secretKeys } = stackConfiguration("staging");
  const network = JSON.stringify({
    ...(JSON.parse(values["dify-ha:network"] ?? "{}") as object),
    mesh: "istio",
  });
  pulumi.runtime.setAllConfig({ ...values, "dify-ha:network": network }, [...secretKeys]);
  const { default: program } = await import("../../index.ts");
  return declare(program, "staging");
}
