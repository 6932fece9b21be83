import { networkFailure, SlackCallFailed, statusFailure } from "../failure.ts";
import type { Rendered } from "../blocks/render-view.ts";
import { type Courier, Undeliverable } from "./outcome.ts";

/** ms; docs.slack.dev/interactivity/handling-user-interaction: five messages within 30 minutes. */
export const responseUrlLife = 30 * 60_000;

/**
 * Answers through the URL that came with a command or a press, which works where crai is no member. Throws as calls to
 * Slack do; a spent URL is a refusal.
 */
export async function respond(
  courier: Courier,
  url: string,
  rendered: Rendered,
  options: { inChannel: boolean; thread: string | undefined },
): Promise<void> {
  if (!courier.isSlackUrl(url)) throw new Undeliverable("the response URL is not Slack's");
  const body = {
    response_type: options.inChannel ? "in_channel" : "ephemeral",
    replace_original: false,
    text: rendered.text,
    ...(rendered.blocks.length > 0 ? { blocks: rendered.blocks } : {}),
    ...(options.thread === undefined ? {} : { thread_ts: options.thread }),
    unfurl_links: false,
    unfurl_media: false,
  };
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.timeout(10_000),
    });
  } catch (error) {
    throw new SlackCallFailed(networkFailure(error));
  }
  const text = await response.text().catch(() => "");
  if (response.ok) return;
  // 400 with Slack's code in the body: this message. 404: this URL.
  const code = /(invalid_blocks\w*|msg_blocks_too_long|invalid_payload|no_text)/.exec(text)?.[0];
  if (code !== undefined) throw new SlackCallFailed({ kind: "refused", code, byAdmin: false });
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  throw new SlackCallFailed(statusFailure(response.status, Number.isFinite(seconds) ? seconds : null));
}
