import { z } from "zod";
import { slackComplaints } from "../check-blocks.ts";
import type { Switchboard } from "../app/switchboard.ts";
import type { Channel } from "../records.ts";
import { SlackRefusal } from "../refusal.ts";
import type { State } from "../state.ts";

/** docs.slack.dev/apis/web-api/rate-limits; "post" is chat.postMessage's own rule, "none" is not limited. */
export type Tier = 1 | 2 | 3 | 4 | "post" | "none";

export interface Call {
  state: State;
  board: Switchboard;
  /** The bot user that calls. */
  actor: string;
  scopes: ReadonlySet<string>;
  /** A fresh Socket Mode address. */
  newSocketUrl(): string;
}

export interface ApiMethod {
  tier: Tier;
  /** All needed, whatever the arguments say; scopes by kind of channel are asked for with `needScope`. */
  scopes: readonly string[];
  /** Which token may call. */
  token: "bot" | "app" | "any";
  run(given: Record<string, unknown>, call: Call): Record<string, unknown>;
}

interface MethodOf<S extends z.ZodType> {
  tier: Tier;
  scopes?: readonly string[];
  token?: "bot" | "app" | "any";
  args: S;
  run(args: z.infer<S>, call: Call): Record<string, unknown>;
}

/** A Web API method whose arguments are parsed before it runs; bad ones are refused as invalid_arguments. */
export function method<S extends z.ZodType>(given: MethodOf<S>): ApiMethod {
  return {
    tier: given.tier,
    scopes: given.scopes ?? [],
    token: given.token ?? "bot",
    run(raw, call) {
      const parsed = given.args.safeParse(raw);
      if (!parsed.success) throw new SlackRefusal("invalid_arguments", slackComplaints(parsed.error.issues));
      return given.run(parsed.data, call);
    },
  };
}

/** Arguments arrive as form strings or as JSON; these take both. */
export const arg = {
  bool: z.preprocess(
    (value) => (typeof value === "string" ? value === "true" || value === "1" : value),
    z.boolean(),
  ),
  int: z.coerce.number().int(),
  /** JSON, or a string of it. */
  json: z.unknown().transform((value, context) => {
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      context.addIssue({ code: "custom", message: "invalid JSON" });
      return z.NEVER;
    }
  }),
  /** "a,b" or ["a","b"]. */
  list: z.preprocess(
    (value) => (typeof value === "string" ? value.split(",").filter((one) => one !== "") : value),
    z.array(z.string()),
  ),
};

export function needScope({ scopes }: Pick<Call, "scopes">, needed: string): void {
  if (scopes.has(needed)) return;
  throw new SlackRefusal("missing_scope", [], { needed, provided: [...scopes].join(",") });
}

const scopeStem = { public: "channels", private: "groups", im: "im" } as const;

/** channels:history, groups:history or im:history by the channel's kind; likewise read and write. */
export function needChannelScope(call: Call, channel: Channel, verb: "history" | "read" | "write"): void {
  const stem = scopeStem[channel.kind];
  needScope(call, stem === "channels" && verb === "write" ? "channels:manage" : `${stem}:${verb}`);
}

interface Page<T> {
  items: T[];
  next_cursor: string;
}

/** Cursors as Slack gives them: opaque. */
export function page<T>(all: readonly T[], limit: number, cursor: string | undefined): Page<T> {
  const start = cursor ? Number(Buffer.from(cursor, "base64").toString("utf8").replace("at:", "")) : 0;
  if (!Number.isInteger(start) || start < 0) throw new SlackRefusal("invalid_cursor");
  const end = start + limit;
  return {
    items: all.slice(start, end),
    next_cursor: end < all.length ? Buffer.from(`at:${end}`).toString("base64") : "",
  };
}
