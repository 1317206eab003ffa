import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse, parseDocument } from "yaml";
import { execa } from "execa";
import { Failure } from "../failure.ts";
import { termination } from "../interrupt.ts";
import { repository } from "../paths.ts";
import { installPlugins } from "../plugins/install.ts";
import type { Engine } from "./engine.ts";

/** Everything that `pulumi` keeps for us, in one folder: state, plugins, passphrase, stack settings. Removing the folder removes it all. */
export interface Workspace {
  readonly engine: Engine;
  readonly folder: string;
  /** Folder of the Pulumi.yaml that is run. */
  readonly program: string;
  readonly project: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface WorkspaceOptions {
  readonly engine: Engine;
  /** Made if missing. */
  readonly folder: string;
  /** The cluster that the program deploys to. */
  readonly kubeconfig: string;
  /** @default the repository's own program */
  readonly program?: string;
}

/** Makes the workspace's folder, or opens it as it is. */
export async function openWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const { engine, folder, kubeconfig, program = repository } = options;
  const home = join(folder, "home");
  for (const name of ["state", "home", "settings"]) await mkdir(join(folder, name), { recursive: true });
  const passphrase = await ensurePassphrase(join(folder, "passphrase"));
  if (engine.kind === "built") await installPlugins(home);
  const { name } = parse(await readFile(join(program, "Pulumi.yaml"), "utf8")) as { name: string };
  return {
    engine,
    folder,
    program,
    project: name,
    env: {
      ...withoutPulumi(process.env),
      // Node 24 runs the program, whatever the system's Node is.
      PATH: [join(repository, "node_modules", ".bin"), engine.folder, process.env["PATH"]].join(delimiter),
      KUBECONFIG: kubeconfig,
      PULUMI_BACKEND_URL: pathToFileURL(join(folder, "state")).href,
      PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      // Compiled modules of the program and its packages: 0.3 s less per run.
      NODE_COMPILE_CACHE: join(folder, "compiled"),
      ...(engine.kind === "built" && {
        PULUMI_HOME: home,
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
      }),
    },
  };
}

/** What the caller has set for stacks of their own must not reach ours: a token, a backend, a selected stack. */
function withoutPulumi(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept = Object.entries(env).filter(([name, value]) => value !== undefined && !name.startsWith("PULUMI_"));
  return Object.fromEntries(kept) as Record<string, string>;
}

/** Seals the secrets of local stacks: random, made once, readable by its owner only. */
async function ensurePassphrase(file: string): Promise<string> {
  // "wx": of two that start at once one writes and the other reads.
  await writeFile(file, randomBytes(24).toString("base64url"), { flag: "wx", mode: 0o600 }).catch(() => undefined);
  await chmod(file, 0o600);
  return file;
}

/** What a run of `pulumi` came to. The texts are empty when it wrote to the terminal itself. */
export interface PulumiResult {
  /** 0: done. 1 also when it was ended by a signal. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** "terminal": it writes to ours and shows its own progress. @default "collected" */
  readonly output?: "terminal" | "collected";
  /** What it reads from its standard input. */
  readonly input?: string;
  /** @default the program's folder */
  readonly cwd?: string;
  /** Beside the workspace's own. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `pulumi` and returns what it did; a failure is for the caller to judge. */
export async function runPulumi(
  { engine, program, env }: Workspace,
  args: readonly string[],
  options: RunOptions = {},
): Promise<PulumiResult> {
  const { exitCode, stdout, stderr } = await execa(join(engine.folder, "pulumi"), args, {
    cwd: options.cwd ?? program,
    extendEnv: false,
    env: { ...env, ...options.env },
    ...(options.input === undefined
      ? { stdin: options.output === "terminal" ? ("inherit" as const) : ("ignore" as const) }
      : { input: options.input }),
    stdout: options.output === "terminal" ? "inherit" : "pipe",
    stderr: options.output === "terminal" ? "inherit" : "pipe",
    // As Ctrl-C does: Pulumi ends what it has begun and writes its state.
    cancelSignal: termination,
    killSignal: "SIGINT",
    forceKillAfterDelay: false,
    reject: false,
  });
  return { exitCode: exitCode ?? 1, stdout: stdout ?? "", stderr: stderr ?? "" };
}

/** Options for commands that read a stack's settings: which stack, and the settings file of {@link ensureStack}. */
export const stackArguments = ({ folder }: Workspace, stack: string): string[] => [
  "--stack",
  stack,
  "--config-file",
  settingsFile(folder, stack),
];

const settingsFile = (folder: string, stack: string): string => join(folder, "settings", `Pulumi.${stack}.yaml`);

/** A setting that is not as it is committed. */
export interface Adaptation {
  /** Such as ["dify-ha:dify", "nodes"]. */
  readonly path: readonly string[];
  /** Undefined: left out. */
  readonly value?: unknown;
}

/**
 * Creates the stack unless it exists, and brings its settings up to date. Pulumi writes a salt into a stack's settings file; ours is
 * committed, so the salt goes into a copy beside the state, which follows the committed file at every call, but for what is adapted.
 */
export async function ensureStack(
  workspace: Workspace,
  stack: string,
  adaptations: readonly Adaptation[] = [],
): Promise<void> {
  const copy = settingsFile(workspace.folder, stack);
  const committed = parseDocument(
    await readFile(join(workspace.program, `Pulumi.${stack}.yaml`), "utf8").catch(() => ""),
  );
  if (committed.has("encryptionsalt") || committed.has("secretsprovider"))
    throw new Failure(
      `Pulumi.${stack}.yaml holds secrets that only its own backend can open: run \`pulumi preview --stack ${stack}\` there.`,
    );
  for (const { path, value } of adaptations)
    if (value === undefined) committed.deleteIn(["config", ...path]);
    else committed.setIn(["config", ...path], value);
  const salt = (await readSalt(copy)) ?? (await createStack(workspace, stack));
  committed.set("encryptionsalt", salt);
  await writeFile(copy, committed.toString());
}

async function readSalt(file: string): Promise<string | undefined> {
  const settings = parse(await readFile(file, "utf8").catch(() => "")) as { encryptionsalt?: string } | null;
  return settings?.encryptionsalt;
}

async function createStack(workspace: Workspace, stack: string): Promise<string> {
  const { folder, project } = workspace;
  const settings = join(folder, "settings");
  // A project of the same name, so that the salt is not written into the program's folder.
  await writeFile(join(settings, "Pulumi.yaml"), `name: ${project}\nruntime: nodejs\n`);
  // Left without a salt by a run that was killed between the two: empty, and of no use.
  await runPulumi(workspace, ["stack", "rm", stack, "--yes"], { cwd: settings });
  const made = await runPulumi(workspace, ["stack", "init", stack, "--no-select"], { cwd: settings });
  const salt = await readSalt(settingsFile(folder, stack));
  if (made.exitCode !== 0 || !salt) throw new Failure(`Stack ${stack} could not be created: ${made.stderr}`);
  return salt;
}
