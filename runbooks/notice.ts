import { Command, Option } from "commander";
import { severities, type Severity } from "../config/notices.ts";
import { runCommand } from "./command.ts";
import { noticeOutputs, openAlertmanager } from "./notices/alertmanager.ts";
import { sendTest } from "./notices/send.ts";
import { readOutputs } from "./outputs.ts";

interface Options {
  readonly severity: Severity;
  readonly receiver?: string;
  readonly dryRun?: boolean;
  readonly url?: string;
  readonly stack?: string;
  readonly outputs?: string;
}

const program = new Command("notice")
  .description(
    "Sends a test notice through the running Alertmanager and says to whom it goes. It reads the stack's outputs, and reaches the cluster by KUBECONFIG. " +
      "Exit code 1: nobody would get it.",
  )
  .addOption(new Option("--severity <severity>", "of the test").choices([...severities]).makeOptionMandatory())
  .option("--receiver <name>", "send it to this one alone, at any hour (default: to whoever gets the severity)")
  .option("--dry-run", "say to whom it would go, and send nothing")
  .option("--url <url>", "of Alertmanager (default: what the stack's outputs say)")
  .option("--stack <name>", "stack of Pulumi (default: the selected one)")
  .option("--outputs <file>", "outputs of the stack as JSON, in place of asking Pulumi")
  .action(async ({ severity, receiver, dryRun = false, url, stack, outputs: file }: Options) => {
    const outputs = await readOutputs(noticeOutputs, { stack, file });
    const alertmanager = await openAlertmanager(outputs, url);
    try {
      const test = { stack: outputs.appNamespace, severity, receiver, dryRun };
      if (!(await sendTest(alertmanager, test, console.log))) process.exitCode = 1;
    } finally {
      alertmanager.close();
    }
  });

await runCommand(program);
