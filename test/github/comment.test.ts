import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { repository } from "../../local/paths.ts";

interface Comment {
  readonly id: number;
  body: string;
  readonly user: { readonly type: string };
}

/** The part of GitHub that keeps comments, over HTTP: one open pull request, 7, of a fork's branch. */
function pullRequest(comments: Comment[]): Server {
  return createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    const answer = (value: unknown) => response.end(JSON.stringify(value));
    let sent = "";
    request.on("data", (chunk: Buffer) => (sent += chunk.toString()));
    request.on("end", () => {
      const text = () => (JSON.parse(sent) as { body: string }).body;
      if (request.headers.authorization !== "Bearer token") return response.writeHead(401).end("Bad credentials");
      if (pathname === "/repos/us/dify-ha/pulls" && searchParams.get("head") === "them:fix/it")
        return answer([{ number: 7, head: { sha: "a".repeat(40) } }]);
      const own = comments.find(({ id }) => pathname === `/repos/us/dify-ha/issues/comments/${id}`);
      if (own && request.method === "PATCH") return answer((own.body = text()));
      if (pathname !== "/repos/us/dify-ha/issues/7/comments") return response.writeHead(404).end();
      if (request.method === "POST") comments.push({ id: comments.length + 1, body: text(), user: { type: "Bot" } });
      const page = Number(searchParams.get("page"));
      return answer(comments.slice((page - 1) * 100, page * 100));
    });
  });
}

describe("the comment on a pull request", { timeout: 60_000 }, () => {
  let folder: string;
  let server: Server;
  let comments: Comment[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "dify-ha-comment-"));
    comments = Array.from({ length: 100 }, (_, id) => ({
      id,
      body: "<!-- dify-ha plan --> mine",
      user: { type: "User" },
    }));
    server = pullRequest(comments);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });

  const run = (env: Record<string, string> = {}) =>
    execa(process.execPath, [join(repository, "ci", "comment.ts"), folder], {
      reject: false,
      extendEnv: false,
      env: {
        GITHUB_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        GITHUB_REPOSITORY: "us/dify-ha",
        GITHUB_TOKEN: "token",
        HEAD: "them:fix/it",
        HEAD_SHA: "a".repeat(40),
        RUN_URL: "https://github.example.com/run/1",
        CONCLUSION: "success",
        ...env,
      },
    });
  const ours = () => comments.filter(({ user }) => user.type === "Bot").map(({ body }) => body);

  it("shows the plan, and is written anew by the next run", async () => {
    await writeFile(join(folder, "plan-changes.txt"), "prod: 1 changes\n");
    expect(await run()).toMatchObject({ exitCode: 0, stdout: "The plan is in pull request 7." });
    await writeFile(join(folder, "plan-changes.txt"), "prod: unchanged\n");
    expect(await run({ CONCLUSION: "failure" })).toMatchObject({ exitCode: 0 });
    expect(ours()).toHaveLength(1);
    expect(ours()[0]).toContain("[checks](https://github.example.com/run/1): failure");
    expect(ours()[0]).toContain("<summary>Golden lists</summary>\n\n```\nprod: unchanged\n```");
    expect(ours()[0]).not.toContain("Preview of");
  });

  it("shows text that tries to be more as text, and no more of it than fits", async () => {
    await writeFile(join(folder, "plan-changes.txt"), "````\n@everybody\n<script>");
    await writeFile(join(folder, "plan-prod.txt"), "x".repeat(500_000));
    await symlink("/etc/passwd", join(folder, "plan-staging.txt"));
    expect(await run()).toMatchObject({ exitCode: 0 });
    const [body = ""] = ours();
    expect(body).toContain("`````\n````\n@everybody\n<script>\n`````");
    expect(body).toContain("The rest is in [the run](https://github.example.com/run/1).");
    expect(body.length).toBeLessThan(65_536);
    expect(body).not.toContain("Preview of staging");
  });

  it("says that there is no plan, where the run broke off", async () => {
    expect(await run()).toMatchObject({ exitCode: 0 });
    expect(ours()[0]).toContain("The run made no plan.");
  });

  it("leaves a pull request alone that has gone on", async () => {
    const { exitCode, stdout } = await run({ HEAD_SHA: "b".repeat(40) });
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: `No open pull request ends in ${"b".repeat(40)}: a later one has its own run.`,
    });
    expect(ours()).toEqual([]);
  });

  it("fails with what GitHub says", async () => {
    const { exitCode, stderr } = await run({ GITHUB_TOKEN: "wrong" });
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain("GitHub answers 401 to GET /pulls");
  });
});
