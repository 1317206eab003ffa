import { z } from "zod";
import { heartbeatName, type NoticesSettings, type Receiver } from "./notices.ts";

/** What a receiver of notices needs that nobody else may know, and what it must look like. */
const shapes = {
  /** Its address, which has a token in it. */
  noticeUrl: z.url({ protocol: /^https$/, error: "must be a URL that begins with https://" }),
  /** With which messages to DingTalk are signed. */
  noticeKey: z.string().min(16, "must have at least 16 characters"),
  /** Of the account at the mail server. */
  noticePassword: z.string().min(1, "must not be empty"),
} as const;

type Kind = keyof typeof shapes;

/** Secret of a receiver, such as "noticeUrl-team". */
export type NoticeSecret = `${Kind}-${string}`;

export function isNoticeSecret(name: string): name is NoticeSecret {
  return Object.keys(shapes).includes(name.replace(/-.*/, "")) && name.includes("-");
}

/** What is wrong with the value of such a secret; it is never part of it. */
export function noticeSecretProblem(name: NoticeSecret, value: string): string | undefined {
  return shapes[name.replace(/-.*/, "") as Kind].safeParse(value).error?.issues[0]?.message;
}

/** Secrets of one receiver. */
export function secretsOf(receiver: Receiver): NoticeSecret[] {
  const { kind, name } = receiver;
  if (kind === "email") return receiver.user === undefined ? [] : [`noticePassword-${name}`];
  return [`noticeUrl-${name}`, ...(kind === "dingtalk" && receiver.signed ? ([`noticeKey-${name}`] as const) : [])];
}

/** Every secret that the settings ask for, with the setting that does. */
export function noticeSecrets({ receivers, heartbeat }: NoticesSettings): { name: NoticeSecret; path: string }[] {
  return [
    ...receivers.flatMap((receiver, i) =>
      secretsOf(receiver).map((name) => ({ name, path: `notices.receivers.${i}` })),
    ),
    ...(heartbeat ? [{ name: `noticeUrl-${heartbeatName}` as const, path: "notices.heartbeat" }] : []),
  ];
}
