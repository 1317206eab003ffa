import { join } from "node:path";
import { execa } from "execa";
import { kubeconfigFile, type ClusterSettings } from "./layout.ts";

/** The cluster's own kubectl, as its administrator. */
export class Kubectl {
  private readonly program: string;
  private readonly options: readonly string[];

  constructor(dir: string, { binDir }: ClusterSettings) {
    this.program = join(binDir, "kubectl");
    this.options = [`--kubeconfig=${kubeconfigFile(dir)}`, `--cache-dir=${join(dir, "kubectl-cache")}`];
  }

  /** @returns what it prints. @throws with what it says was wrong. */
  async run(...args: string[]): Promise<string> {
    return this.execute(args, "");
  }

  /** Server-side apply of files and of plain objects, as the one manager of what the local cluster itself needs. */
  async apply(files: readonly string[], objects: readonly object[] = []): Promise<void> {
    const list = { apiVersion: "v1", kind: "List", items: objects };
    const sources = objects.length > 0 ? [...files, "-"] : files;
    // These are our own, and the schema of everything is long in coming while the API server starts.
    const checks = ["--validate=ignore"];
    const options = ["--server-side", "--force-conflicts", "--field-manager=dify-ha-local", ...checks];
    await this.execute(["apply", ...options, ...sources.map((file) => `--filename=${file}`)], JSON.stringify(list));
  }

  private async execute(args: readonly string[], input: string): Promise<string> {
    const result = await execa(this.program, [...this.options, ...args], {
      input,
      reject: false,
      // The user's own preferences may give other defaults to any command.
      env: { KUBERC: "off" },
    });
    if (result.failed) throw new Error(`kubectl ${args[0] ?? ""}: ${result.stderr || result.message}`);
    return result.stdout;
  }
}
