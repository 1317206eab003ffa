import {
  AppsV1Api,
  CoreV1Api,
  type V1Container,
  type V1Pod,
  type V1PodSpec,
  type V1Volume,
} from "@kubernetes/client-node";
import { execa } from "execa";
import { createHash, randomBytes } from "node:crypto";
import { chown, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository } from "../../../local/paths.ts";
import { clusterTimeout, eventually, testCluster, testNamespace, type TestCluster } from "../../support/cluster.ts";
import { runInDebian, usesDebian } from "../../support/debian.ts";
import { PlayedNode } from "../../support/playedNode.ts";
import { issueCertificates, loopbackNames, startMinio, type MinioServer } from "../../support/servers.ts";

usesDebian();

/** Since 1.11 Dify's image runs as this user. */
const difyUser = 1001;
const mebibyte = 2 ** 20;
const buckets = { files: "dify-files", plugins: "dify-plugins", archive: "backups" } as const;
type Role = "files" | "plugins";

/** A community installation at a real API server, with a real MinIO that encrypts; the test plays the kubelet of its node, and Dify. In this order. */
describe("npm run migrate", { timeout: 300_000 }, () => {
  let cluster: TestCluster;
  let core: CoreV1Api;
  let apps: AppsV1Api;
  let namespace: string;
  let node: PlayedNode;
  let store: MinioServer;
  let authority: string;
  let work: string;
  /** Directories by role. */
  let folders: Record<Role, string>;

  beforeAll(async () => {
    const { minio } = await issueCertificates({ minio: loopbackNames });
    authority = minio.authority;
    store = await startMinio({ tls: minio });
    for (const bucket of Object.values(buckets)) {
      await store.mc("mb", `store/${bucket}`);
      await store.mc("version", "enable", `store/${bucket}`);
      await store.mc("encrypt", "set", "sse-kms", "test-key", `store/${bucket}`);
    }
    work = await mkdtemp(join(tmpdir(), "migrate-"));
    folders = { files: join(work, "dify", "app"), plugins: join(work, "plugin-daemon") };
    cluster = await testCluster();
    [core, apps] = [cluster.config.makeApiClient(CoreV1Api), cluster.config.makeApiClient(AppsV1Api)];
    namespace = await testNamespace(cluster);
    node = await PlayedNode.start(cluster, namespace);
    await fill();
    await install();
  }, 2 * clusterTimeout);
  afterAll(async () => {
    await node.stop();
    await core.deletePersistentVolume({ name: `${namespace}-plugins` });
    await store.stop();
    await rm(work, { recursive: true });
  });

  async function fill(): Promise<void> {
    const names = [
      "upload_files/t/ä ö 文件 .txt",
      "upload_files/t/a b  c.pdf",
      "tools/Cafe\u0301.txt",
      "tools/Caf\u00e9.txt",
    ];
    for (const name of [...names, ...Array.from({ length: 40 }, (_, i) => `keyword_files/${i}.txt`)])
      await put("files", name, Buffer.from(`contents of ${name}`));
    await put("files", "upload_files/t/empty", Buffer.alloc(0));
    await put("files", "privkeys/t/private.pem", randomBytes(1700));
    await put("files", "upload_files/t/large.bin", randomBytes(48 * mebibyte));
    await put("plugins", "plugin/author/name@1", randomBytes(mebibyte));
    await put("plugins", "persistence/key with space", Buffer.from("kept"));
    await put("plugins", "cwd/venv/built", Buffer.from("built anew"));
    // Long before the cut, so that a change of the object would be damage.
    await utimes(join(folders.files, "privkeys/t/private.pem"), 1_700_000_000, 1_700_000_000);
  }

  /** Writes a file as Dify does while it has the directory. */
  async function put(role: Role, name: string, contents: Buffer): Promise<void> {
    const path = join(folders[role], name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, contents);
    for (let each = path; each.length >= folders[role].length; each = dirname(each))
      await chown(each, difyUser, difyUser);
  }

  /** As the community's manifests have it. */
  async function install(): Promise<void> {
    const settings = {
      STORAGE_TYPE: "opendal",
      OPENDAL_SCHEME: "fs",
      VECTOR_STORE: "milvus",
      MILVUS_URI: "http://m:19530",
    };
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: "dify-config" }, data: settings } });
    await core.createNamespacedSecret({
      namespace,
      body: { metadata: { name: "dify-secret" }, stringData: { SECRET_KEY: "sk-of-the-installation" } },
    });
    const volumeName = `${namespace}-plugins`;
    const shape = { accessModes: ["ReadWriteOnce"], storageClassName: "" };
    const claimRef = { name: "plugin-storage", namespace };
    const hostPath = { path: folders.plugins };
    await core.createPersistentVolume({
      body: { metadata: { name: volumeName }, spec: { ...shape, capacity: { storage: "5Gi" }, hostPath, claimRef } },
    });
    await core.createNamespacedPersistentVolumeClaim({
      namespace,
      body: {
        metadata: { name: "plugin-storage" },
        spec: { ...shape, volumeName, resources: { requests: { storage: "5Gi" } } },
      },
    });
    const files = { hostPath: { path: join(work, "dify") } };
    const mount = { mountPath: "/app/api/storage", subPath: "app" };
    await statefulSet("api", 1, files, mount);
    await statefulSet("worker", 2, files, mount);
    const claim = { persistentVolumeClaim: { claimName: "plugin-storage" } };
    await statefulSet("plugin-daemon", 1, claim, { mountPath: "/app/storage" });
    await untilRunning(["api-0", "worker-0", "worker-1", "plugin-daemon-0"]);
  }

  async function statefulSet(
    name: string,
    replicas: number,
    volume: Omit<V1Volume, "name">,
    mount: { mountPath: string; subPath?: string },
  ): Promise<void> {
    const labels = { app: name };
    const container: V1Container = {
      name,
      image: `langgenius/${name}:1.3.0`,
      envFrom: [{ configMapRef: { name: "dify-config" } }, { secretRef: { name: "dify-secret" } }],
      env: [
        { name: "STORAGE_TYPE", valueFrom: { configMapKeyRef: { name: "dify-config", key: "STORAGE_TYPE" } } },
        { name: "MODE", value: name },
      ],
      volumeMounts: [{ name: "storage", ...mount }],
    };
    const spec: V1PodSpec = {
      nodeSelector: { "kubernetes.io/hostname": node.name },
      tolerations: [{ operator: "Exists" }],
      containers: [container],
      volumes: [{ name: "storage", ...volume }],
    };
    await apps.createNamespacedStatefulSet({
      namespace,
      body: {
        metadata: { name, labels },
        spec: {
          serviceName: name,
          replicas,
          podManagementPolicy: "Parallel",
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec },
        },
      },
    });
  }

  const difyPods = async () =>
    (await core.listNamespacedPod({ namespace, labelSelector: "app in (api,worker,plugin-daemon)" })).items;
  const untilRunning = (names: readonly string[]) =>
    eventually(difyPods, (pods) => {
      const running = pods.filter(({ status }) => status?.phase === "Running").map(({ metadata }) => metadata?.name);
      return names.every((name) => running.includes(name)) && running.length === names.length;
    });

  /** The pod of a role that serves now, and its container. */
  async function serving(role: Role): Promise<{ pod: V1Pod; container: V1Container }> {
    const app = role === "files" ? "api" : "plugin-daemon";
    const pod = (await difyPods()).find(({ metadata }) => metadata?.labels?.["app"] === app);
    const container = pod?.spec?.containers[0];
    if (!pod || !container) throw new Error(`no pod of ${app} runs`);
    return { pod, container };
  }

  /** What Dify does with a file: in its directory, or by boto3 with the variables that its pod has. */
  async function dify(role: Role, action: "read" | "write" | "delete", name: string, text = ""): Promise<string> {
    const { pod, container } = await serving(role);
    const env = await node.environment(container);
    const isS3 = role === "files" ? env["STORAGE_TYPE"] === "s3" : env["PLUGIN_STORAGE_TYPE"] === "aws_s3";
    if (!isS3) {
      expect(pod.spec?.volumes?.some(({ emptyDir }) => emptyDir)).toBe(false);
      const path = join(folders[role], name);
      if (action === "write") await put(role, name, Buffer.from(text));
      if (action === "delete") await rm(path);
      return action === "read" ? readFile(path, "utf8") : "";
    }
    const result = await runInDebian({
      argv: ["python3", "-c", boto3OfDify, action, name, text],
      env: { ...env, AWS_CA_BUNDLE: "/etc/dify-storage/object-store.crt" },
      files: { "/etc/dify-storage/object-store.crt": authority },
    });
    expect(result.exitCode, result.stderr).toBe(0);
    return result.stdout;
  }

  function start(args: readonly string[]) {
    return execa(process.execPath, [join(repository, "runbooks/migrate.ts"), ...args, "--namespace", namespace], {
      env: { KUBECONFIG: cluster.kubeconfig },
      reject: false,
      stdin: "ignore",
    });
  }
  async function migrate(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await start(args);
    expect(exitCode, `${args.join(" ")}\n${stderr}\n${stdout}`).toBe(0);
    return stdout;
  }
  async function refused(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await start(args);
    expect(exitCode, stdout).toBe(1);
    return stderr;
  }
  /** Kills a command once it has printed something. */
  async function killAt(pattern: RegExp, ...args: string[]): Promise<void> {
    const command = start(args);
    let printed = "";
    command.stdout.on("data", (text: Buffer) => {
      printed += text.toString();
      if (pattern.test(printed)) command.kill("SIGKILL");
    });
    const { signal } = await command;
    expect(signal, printed).toBe("SIGKILL");
  }
  function killPod(job: string): void {
    const [name = "", program] = [...node.programs].at(-1) ?? [];
    expect(name).toContain(job);
    program?.kill();
  }
  const phase = async () =>
    (
      JSON.parse(
        (await core.readNamespacedConfigMap({ name: "storage-migration", namespace })).data?.["state.json"] ?? "",
      ) as { phase: string }
    ).phase;

  const inFolder = async (role: Role) => {
    const paths = await readdir(folders[role], { recursive: true, withFileTypes: true });
    const files = paths.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
    const entries = files.map(async (path) => [
      path.slice(folders[role].length + 1),
      createHash("sha256")
        .update(await readFile(path))
        .digest("hex"),
    ]);
    const all = await Promise.all(entries);
    return Object.fromEntries(all.filter(([name]) => !name?.startsWith("cwd/"))) as Record<string, string>;
  };
  async function inBucket(bucket: string, prefix = ""): Promise<Record<string, string>> {
    const result = await runInDebian({
      argv: ["python3", "-c", sumsOfBucket, bucket, prefix],
      env: {
        S3_ENDPOINT: store.endpoint,
        AWS_ACCESS_KEY_ID: store.rootUser,
        AWS_SECRET_ACCESS_KEY: store.rootPassword,
        AWS_CA_BUNDLE: "/etc/test/ca.crt",
      },
      files: { "/etc/test/ca.crt": authority },
    });
    expect(result.exitCode, result.stderr).toBe(0);
    return JSON.parse(result.stdout) as Record<string, string>;
  }

  it("says what is missing of the target", async () => {
    expect(await refused("prepare")).toContain(`There is no Secret migration-target in ${namespace}`);
    const body = { metadata: { name: "migration-target" }, stringData: { endpoint: "minio:9000", filesBucket: "b" } };
    await core.createNamespacedSecret({ namespace, body });
    const wrong = await refused("prepare");
    expect(wrong).toContain('endpoint: must be a URL such as "https://objects.example.com"');
    expect(wrong).toContain("pluginsBucket, pluginsAccessKey, pluginsSecretKey: must be there");
    const keys = (bucket: string) => ({
      [`${bucket}AccessKey`]: store.rootUser,
      [`${bucket}SecretKey`]: store.rootPassword,
    });
    const { files: filesBucket, plugins: pluginsBucket, archive: archiveBucket } = buckets;
    const stringData = { endpoint: store.endpoint, authority, filesBucket, pluginsBucket, archiveBucket };
    Object.assign(stringData, keys("files"), keys("plugins"), keys("archive"));
    await core.replaceNamespacedSecret({ name: "migration-target", namespace, body: { ...body, stringData } });
  });

  it("finds node and directories, and changes nothing in a dry run", async () => {
    const said = await migrate("prepare", "--dry-run");
    expect(said).toContain(
      `files of api (1), worker (2): ${join(work, "dify")}/app on ${node.name} -> bucket dify-files`,
    );
    expect(said).toContain(`plugins of plugin-daemon (1): claim plugin-storage, ${folders.plugins} on ${node.name}`);
    expect(said).toContain("Archive files with their checksums");
    expect(
      (await core.listNamespacedConfigMap({ namespace })).items.map(({ metadata }) => metadata?.name),
    ).not.toContain("storage-migration");
    expect(await inBucket(buckets.archive)).toEqual({});
    expect(await refused("copy")).toContain("The migration is not prepared: copy is not possible now, but prepare.");
  });

  it("refuses a bucket with something of somebody else's", async () => {
    await store.mc("cp", "/etc/hostname", `store/${buckets.files}/of-others`);
    expect(await refused("prepare")).toMatch(
      /bucket dify-files holds 1 objects that the directory does not have \(of-others \)/,
    );
    await store.mc("rm", `store/${buckets.files}/of-others`);
    expect(await refused("cut-over")).toContain("The migration is preparing");
  });

  it("archives all with checksums, also when it is killed at it", async () => {
    await killAt(/ left/, "prepare", "--bandwidth", "6M");
    expect(await phase()).toBe("preparing");
    killPod("storage-migration-archive-files");
    await dify("files", "write", "upload_files/t/between kill and prepare", "1");
    const said = await migrate("prepare");
    const [folder = ""] = /storage-migration\/\w+/.exec(said) ?? [];
    const archived = await inBucket(buckets.archive, `${folder}/`);
    const manifest = await store.mc("cat", `store/${buckets.archive}/${folder}/files.sha256`);
    for (const role of ["files", "plugins"] as const) {
      const expected = await inFolder(role);
      for (const [name, sum] of Object.entries(expected)) expect(archived[`${folder}/${role}/${name}`], name).toBe(sum);
    }
    expect(manifest).toContain(
      `${(await inFolder("files"))["upload_files/t/ä ö 文件 .txt"]}  upload_files/t/ä ö 文件 .txt`,
    );
    expect(Object.keys(archived).filter((key) => key.includes("/cwd/"))).toEqual([]);
    expect(await phase()).toBe("prepared");
  });

  it("refuses to go on without what it saved", async () => {
    const { data, metadata } = await core.readNamespacedSecret({ name: "storage-migration-saved", namespace });
    await core.deleteNamespacedSecret({ name: "storage-migration-saved", namespace });
    expect(await refused("copy")).toContain("so there would be no way back: prepare again");
    const body = { metadata: { name: metadata?.name ?? "" }, ...(data && { data }) };
    await core.createNamespacedSecret({ namespace, body });
  });

  it("copies while Dify serves, with rate and time left, and goes on after kills of command and pod", async () => {
    await dify("files", "write", "upload_files/t/before copy", "2");
    await killAt(/MiB\/s, \d+ s left/, "copy", "--bandwidth", "6M");
    // Its Job goes on; its pod dies, and the cluster makes another.
    killPod("storage-migration-copy-files");
    await migrate("copy");
    expect([...node.programs.keys()].filter((each) => each.startsWith("storage-migration-copy-files"))).toHaveLength(2);
    expect(await inBucket(buckets.files)).toEqual(await inFolder("files"));
    expect(await inBucket(buckets.plugins)).toEqual(await inFolder("plugins"));
    await untilRunning(["api-0", "worker-0", "worker-1", "plugin-daemon-0"]);
  });

  it("starts again what it stopped when the last difference cannot be sent", async () => {
    const [archive = ""] = Object.keys(await inBucket(buckets.archive)).filter((key) => key.endsWith("/files.sha256"));
    await store.mc("mv", `store/${buckets.archive}/${archive}`, `store/${buckets.archive}/away`);
    const said = await refused("cut-over");
    expect(said).toContain("files.sha256 is not the one that prepare wrote: prepare again");
    expect(said).toContain("Nothing was cut over; what was stopped was started again.");
    await store.mc("mv", `store/${buckets.archive}/away`, `store/${buckets.archive}/${archive}`);
    await untilRunning(["api-0", "worker-0", "worker-1", "plugin-daemon-0"]);
    expect(await phase()).toBe("copied");
  });

  it("cuts over with the last difference, also when it is killed at it", async () => {
    await dify("files", "write", "upload_files/t/before cut", "3");
    await dify("files", "write", "keyword_files/1.txt", "changed before the cut");
    await dify("files", "delete", "keyword_files/2.txt");
    await dify("plugins", "write", "plugin/new@2", "3");
    await killAt(/last difference of files/, "cut-over");
    expect(await phase()).toBe("cutting-over");
    await migrate("cut-over");
    expect(await inBucket(buckets.files)).toEqual(await inFolder("files"));
    expect(await inBucket(buckets.plugins)).toEqual(await inFolder("plugins"));
    const sets = (await apps.listNamespacedStatefulSet({ namespace })).items;
    expect(sets.map(({ spec }) => spec?.replicas)).toEqual([0, 0, 0]);
    const deployments = (await apps.listNamespacedDeployment({ namespace })).items;
    expect(deployments.map(({ metadata, status }) => [metadata?.name, status?.readyReplicas])).toEqual([
      ["api", 1],
      ["plugin-daemon", 1],
      ["worker", 2],
    ]);
    const env = await node.environment((await serving("files")).container);
    expect(env).toMatchObject({ STORAGE_TYPE: "s3", S3_ENDPOINT: store.endpoint, S3_ADDRESS_STYLE: "path" });
    // All else is as it was, the vector store among it.
    expect(env).toMatchObject({
      VECTOR_STORE: "milvus",
      MILVUS_URI: "http://m:19530",
      SECRET_KEY: "sk-of-the-installation",
      MODE: "api",
    });
    expect(await refused("copy")).toContain("copy is not possible now, but verify or roll-back");
  });

  it("lets Dify read old files and write new ones, and sees damage", async () => {
    expect(await dify("files", "read", "upload_files/t/ä ö 文件 .txt")).toBe(
      "contents of upload_files/t/ä ö 文件 .txt",
    );
    await dify("files", "write", "upload_files/t/after cut 後", "4");
    await dify("files", "write", "keyword_files/3.txt", "changed after the cut");
    await dify("files", "delete", "keyword_files/4.txt");
    await dify("plugins", "write", "plugin/after@3", "4");
    const key = join(folders.files, "privkeys/t/private.pem");
    const original = await readFile(key);
    await writeFile(key, randomBytes(original.length));
    expect(await refused("verify")).toMatch(/1 objects are not what the directory has.*privkeys\/t\/private\.pem/);
    await writeFile(key, original);
    await utimes(key, 1_700_000_000, 1_700_000_000);
    const said = await migrate("verify");
    expect(said).toMatch(/\d+ as before, 1 written and 1 changed since the cut and readable, 1 deleted since/);
    expect(await phase()).toBe("verified");
  });

  it("goes back with all that was written since, also when it is killed at it", async () => {
    await dify("files", "write", "upload_files/t/after verify", "5");
    const before = { files: await inBucket(buckets.files), plugins: await inBucket(buckets.plugins) };
    await killAt(/since the cut of files/, "roll-back");
    expect(await phase()).toBe("rolling-back");
    await migrate("roll-back");
    await untilRunning(["api-0", "worker-0", "worker-1", "plugin-daemon-0"]);
    expect((await apps.listNamespacedDeployment({ namespace })).items).toEqual([]);
    for (const role of ["files", "plugins"] as const) expect(await inFolder(role)).toMatchObject(before[role]);
    expect(await dify("files", "read", "upload_files/t/after cut 後")).toBe("4");
    expect(await dify("files", "read", "keyword_files/3.txt")).toBe("changed after the cut");
    // Dify may go on writing beside it.
    const { uid } = await stat(join(folders.files, "upload_files/t/after cut 後"));
    expect(uid).toBe(difyUser);
  });

  it("goes forth again with what was written since, and finishes", async () => {
    await dify("files", "write", "upload_files/t/after roll-back", "6");
    await dify("files", "write", "keyword_files/3.txt", "changed after the roll-back");
    await migrate("prepare");
    await migrate("copy");
    await migrate("cut-over");
    expect(await inBucket(buckets.files)).toEqual(await inFolder("files"));
    expect(await dify("files", "read", "keyword_files/3.txt")).toBe("changed after the roll-back");
    await migrate("verify");
    expect(await migrate("finish", "--dry-run")).toContain("Take away what only the way back needed");
    expect(await phase()).toBe("verified");
    expect(await migrate("finish")).toContain(`to be deleted by hand: ${join(work, "dify")}/app on ${node.name}`);
    expect((await apps.listNamespacedStatefulSet({ namespace })).items).toEqual([]);
    expect(await dify("files", "read", "upload_files/t/after roll-back")).toBe("6");
    expect(await migrate("status")).toContain("Possible now: nothing more.");
    expect(await inFolder("files")).toHaveProperty(["upload_files/t/large.bin"]);
  });
});

/** With the variables that Dify's API has, or else those that the plugin daemon has. */
const boto3OfDify = `
import os, sys, boto3
action, key, text = sys.argv[1:]
env = os.environ
def login(access, secret, region): return dict(aws_access_key_id=env[access], aws_secret_access_key=env[secret], region_name=env[region])
if env.get("STORAGE_TYPE") == "s3": bucket, keys = env["S3_BUCKET_NAME"], login("S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_REGION")
else: bucket, keys = env["PLUGIN_STORAGE_OSS_BUCKET"], login("AWS_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_REGION")
s3 = boto3.client("s3", endpoint_url=env["S3_ENDPOINT"], **keys)
if action == "write": s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
elif action == "delete": s3.delete_object(Bucket=bucket, Key=key)
else: sys.stdout.write(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())
`;

const sumsOfBucket = `
import hashlib, json, os, sys, boto3
bucket, prefix = sys.argv[1:]
s3 = boto3.client("s3", endpoint_url=os.environ["S3_ENDPOINT"], region_name="us-east-1")
pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
print(json.dumps({key: hashlib.sha256(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).hexdigest() for key in keys}))
`;
