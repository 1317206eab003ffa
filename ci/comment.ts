import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Writes a pull request's plan into one comment of it, again and again: `node ci/comment.ts FOLDER`. Runs without packages, since it
 * may write: FOLDER's files may come from anybody.
 */

/** Parts of the plan, as the workflow that makes it names their files: plan-PART.txt. */
const parts = { changes: "Golden lists", staging: "Preview of staging", prod: "Preview of prod" };

/** By this a comment is known as ours. It is not shown. */
const marker = "<!-- dify-ha plan -->";

/** A comment may have 65536 characters: this much of each part is shown. */
const shownOfPart = 20_000;

const variable = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: this runs in the workflow Comment.`);
  return value;
};

/** The part's text; undefined where there is none, or something that is no file. */
function textOf(folder: string, part: string): string | undefined {
  const file = join(folder, `plan-${part}.txt`);
  const found = lstatSync(file, { throwIfNoEntry: false });
  return found?.isFile() ? readFileSync(file, "utf8").trim() : undefined;
}

/** Text that can neither end its block nor call anybody. */
function asCode(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

function section(title: string, text: string, run: string): string {
  const cut = text.length > shownOfPart;
  const rest = cut ? `\n\nThe rest is in [the run](${run}).` : "";
  return `<details><summary>${title}</summary>\n\n${asCode(text.slice(0, shownOfPart))}${rest}\n\n</details>`;
}

function commentOf(folder: string, sha: string, run: string, conclusion: string): string {
  const sections = Object.entries(parts).flatMap(([part, title]) => {
    const text = textOf(folder, part);
    return text === undefined ? [] : [section(title, text, run)];
  });
  const found = sections.length > 0 ? sections : ["The run made no plan."];
  return [marker, `**Plan of ${sha.slice(0, 8)}**; [checks](${run}): ${conclusion}`, ...found].join("\n\n");
}

async function github<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${variable("GITHUB_API_URL")}/repos/${variable("GITHUB_REPOSITORY")}${path}`, {
    method,
    headers: { authorization: `Bearer ${variable("GITHUB_TOKEN")}`, accept: "application/vnd.github+json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`GitHub answers ${response.status} to ${method} ${path}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

/** The open pull request of a commit. GitHub does not name it in a run that a fork started. */
async function pullRequestOf(head: string, sha: string): Promise<number | undefined> {
  const open = await github<{ number: number; head: { sha: string } }[]>(
    "GET",
    `/pulls?state=open&head=${encodeURIComponent(head)}`,
  );
  return open.find((pull) => pull.head.sha === sha)?.number;
}

async function ownComment(pull: number): Promise<number | undefined> {
  for (let page = 1; ; page++) {
    const comments = await github<{ id: number; body: string; user: { type: string } }[]>(
      "GET",
      `/issues/${pull}/comments?per_page=100&page=${page}`,
    );
    const own = comments.find(({ body, user }) => user.type === "Bot" && body.startsWith(marker));
    if (own || comments.length < 100) return own?.id;
  }
}

const sha = variable("HEAD_SHA");
const pull = await pullRequestOf(variable("HEAD"), sha);
if (pull === undefined) console.log(`No open pull request ends in ${sha}: a later one has its own run.`);
else {
  const body = commentOf(process.argv[2] ?? "", sha, variable("RUN_URL"), variable("CONCLUSION"));
  const own = await ownComment(pull);
  if (own === undefined) await github("POST", `/issues/${pull}/comments`, { body });
  else await github("PATCH", `/issues/comments/${own}`, { body });
  console.log(`The plan is in pull request ${pull}.`);
}
