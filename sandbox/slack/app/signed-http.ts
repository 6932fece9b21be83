import { createHmac } from "node:crypto";
import type { State } from "../state.ts";
import type { AppLink, Delivery, EnvelopeKind, Retry, Timings } from "./link.ts";

/** Commands and interactions travel as forms, events as JSON (docs.slack.dev/interactivity, /apis/events-api). */
function encode(kind: EnvelopeKind, payload: object): { body: string; contentType: string } {
  if (kind === "events_api") return { body: JSON.stringify(payload), contentType: "application/json" };
  const form =
    kind === "slash_commands"
      ? new URLSearchParams(Object.entries(payload as Record<string, string>))
      : new URLSearchParams({ payload: JSON.stringify(payload) });
  return { body: form.toString(), contentType: "application/x-www-form-urlencoded" };
}

async function answerOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return undefined;
  return response.headers.get("content-type")?.includes("json") ? (JSON.parse(text) as unknown) : { text };
}

/** Posts to the app's request URL, signed v0 with the signing secret (docs.slack.dev/authentication/verifying-requests). */
export function signedHttp(state: State, requestUrl: string, timings: Timings): AppLink {
  return {
    isReachable: () => true,
    async send(kind: EnvelopeKind, payload: object, retry?: Retry): Promise<Delivery> {
      const { body, contentType } = encode(kind, payload);
      const timestamp = String(Math.floor(state.now() / 1000));
      const signature = createHmac("sha256", state.signingSecret)
        .update(`v0:${timestamp}:${body}`)
        .digest("hex");
      try {
        const response = await fetch(requestUrl, {
          method: "POST",
          body,
          redirect: "manual",
          signal: AbortSignal.timeout(timings.ackMs),
          headers: {
            "content-type": contentType,
            "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": `v0=${signature}`,
            ...(retry === undefined
              ? {}
              : { "x-slack-retry-num": String(retry.num), "x-slack-retry-reason": retry.reason }),
          },
        });
        const payloadBack = await answerOf(response);
        if (response.ok) return { outcome: "acked", payload: payloadBack };
        const noRetry = response.headers.get("x-slack-no-retry") === "1";
        return { outcome: "failed", reason: "http_error", noRetry };
      } catch (error) {
        const isTimeout = error instanceof Error && error.name === "TimeoutError";
        return isTimeout ? { outcome: "timeout" } : { outcome: "failed", reason: "connection_failed" };
      }
    },
  };
}
