import { z } from "zod";
import { timeZone } from "./schedule.ts";
import { image, resources } from "./units.ts";

const label = z
  .string()
  .regex(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/, "must be at most 32 lower-case letters, digits and hyphens");

const address = z.email({ error: 'must be an address such as "oncall@example.com"' });

/** How bad an alert is, as its rule says; worst first. */
export const severities = ["critical", "warning", "info"] as const;
export type Severity = (typeof severities)[number];

/** Schedule that has no end. */
export const always = "always";

const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
export type Weekday = (typeof weekdays)[number];

/** Time of the day, such as "09:00"; "24:00" is its end. */
const timeOfDay = z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'must be a time of the day such as "09:00"');

/** Hours of some days of the week. A night is two of them: until 24:00, and from 00:00 on the next day. */
const period = z
  .strictObject({
    days: z.array(z.enum(weekdays)).min(1),
    from: timeOfDay.default("00:00"),
    to: timeOfDay.default("24:00"),
  })
  .refine(({ from, to }) => from < to, "must end after it begins, on the same day: write a night as two");

const schedule = z.strictObject({
  name: label.refine((name) => name !== always, `must not be "${always}", which is every hour of every day`),
  timeZone,
  periods: z.array(period).min(1),
});

/** When each severity is sent: "always", or the name of a schedule. What is left out is not sent. */
const gets = z
  .strictObject({ critical: label.optional(), warning: label.optional(), info: label.optional() })
  .refine((given) => Object.keys(given).length > 0, "must have a severity at least, such as critical: always");

const common = { name: label, gets };

const email = z.strictObject({
  kind: z.literal("email"),
  ...common,
  to: z.array(address).min(1),
  from: address,
  /** Mail server with its port. Nothing is sent without TLS: from the start on port 465, by STARTTLS on others. */
  smarthost: z
    .string()
    .regex(/^[A-Za-z0-9.-]+:\d{1,5}$/, 'must be a mail server with its port, such as "smtp.example.com:587"'),
  /** Account there; none is used when left out. */
  user: z.string().min(1).optional(),
});

/** A robot of a group of DingTalk. */
const dingtalk = z.strictObject({
  kind: z.literal("dingtalk"),
  ...common,
  /** The robot wants messages to be signed. */
  signed: z.boolean().default(true),
});

/** A robot of a group of WeCom. */
const wecom = z.strictObject({ kind: z.literal("wecom"), ...common });

/** What takes Alertmanager's own JSON. A pager is told again until it is over, a ticket is opened once. */
const webhook = z.strictObject({ kind: z.enum(["pager", "ticket"]), ...common });

const hours = (fallback: number) => z.number().int().min(1).max(96).default(fallback);

/** Who is told of alerts, by which way and when. */
export const noticesSettings = z
  .strictObject({
    /** Who is told: by e-mail (`to`, `from`, `smarthost`, `user`), a group robot of DingTalk or WeCom, a pager or a ticket system (webhooks). Each `gets` severities, "always" or by a schedule. Secrets: docs/notices.md. */
    receivers: z.array(z.discriminatedUnion("kind", [email, dingtalk, wecom, webhook])).default([]),
    /** Hours by name, in a time zone, such as working hours from Monday to Friday. */
    schedules: z.array(schedule).default([]),
    /** Tell a service outside that alerts still work, which speaks up when it hears nothing (secret `noticeUrl-heartbeat`). */
    heartbeat: z
      .strictObject({
        /** Seconds between two signs of life. That service should wait for three of them. */
        every: z.number().int().min(30).max(3600).default(60),
      })
      .optional(),
    /** Seconds for which the first alert waits for others of its group, so that they come as one notice, and for an alert that explains it. */
    groupWait: z.number().int().min(0).max(600).default(30),
    /** Seconds between two notices of a group to which alerts came, or went. */
    groupInterval: z.number().int().min(10).max(3600).default(300),
    /** Hours after which one is told again of what is not over; 96 for a ticket, whatever the severity. */
    repeat: z
      .strictObject({
        /** Somebody has to get up. */
        critical: hours(1),
        /** Can wait until the morning. */
        warning: hours(12),
        /** For who looks. */
        info: hours(24),
      })
      .prefault({}),
    /** What brings notices into the form of DingTalk's and WeCom's robots; runs where one of them is a receiver. */
    forwarder: z
      .strictObject({
        /** Image with Python. */
        image: image.default("python:3.13.1-alpine3.21"),
        resources: resources("20m", "64Mi"),
      })
      .prefault({}),
  })
  .prefault({});

export type NoticesSettings = z.infer<typeof noticesSettings>;
export type Receiver = NoticesSettings["receivers"][number];
export type Schedule = NoticesSettings["schedules"][number];
export type Period = Schedule["periods"][number];

/** Weekdays in their order, Monday first. */
export const week: readonly Weekday[] = weekdays;

/** The name that the service which misses us has among receivers. */
export const heartbeatName = "heartbeat";

/** Robots do not take Alertmanager's own form: it is brought into theirs. */
export type Robot = Extract<Receiver, { kind: "dingtalk" | "wecom" }>;
export const robotsOf = ({ receivers }: Pick<NoticesSettings, "receivers">): Robot[] =>
  receivers.filter((receiver): receiver is Robot => receiver.kind === "dingtalk" || receiver.kind === "wecom");

/** Anybody is told of anything. */
export const hasNotices = ({ receivers, heartbeat }: NoticesSettings): boolean =>
  receivers.length > 0 || heartbeat !== undefined;
