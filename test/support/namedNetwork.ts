import type { DebianNetwork, DebianProgram } from "../../local/debian/run.ts";
import { runInDebian, startInDebian, type DebianResult, type RunningProgram } from "./debian.ts";

/** Programs on a loopback of their own, where names lead to addresses of 127.0.0.0/8 as in a cluster they lead to pods. */
export class NamedNetwork {
  readonly running = new Map<string, RunningProgram>();
  /** What every program here finds in /etc/hosts. */
  readonly hosts: string;
  private readonly network: DebianNetwork;

  /** @param hosts Lines of an address and its names. */
  constructor(network: DebianNetwork, hosts: readonly string[]) {
    this.network = network;
    this.hosts = ["127.0.0.1 localhost", ...hosts, ""].join("\n");
  }

  run(program: Omit<Parameters<typeof runInDebian>[0], "network">): Promise<DebianResult> {
    return runInDebian({ ...program, network: this.network, files: { "/etc/hosts": this.hosts, ...program.files } });
  }

  start(name: string, program: Omit<DebianProgram, "network">): RunningProgram {
    const running = startInDebian({
      ...program,
      network: this.network,
      files: { "/etc/hosts": this.hosts, ...program.files },
    });
    this.running.set(name, running);
    return running;
  }

  async stop(): Promise<void> {
    for (const program of this.running.values()) program.kill();
    await Promise.all([...this.running.values()].map(({ ended }) => ended));
  }

  /** /etc/hosts in which a name leads to where nobody answers. */
  without(host: string): Record<string, string> {
    return { "/etc/hosts": this.hosts.replace(new RegExp(`^\\S+ ${host}$`, "m"), `127.0.9.9 ${host}`) };
  }
}
