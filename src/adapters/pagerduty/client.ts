import { api } from "@pagerduty/pdjs";
import type { z } from "zod";

/** PagerDuty answered, and not with what was asked for. */
export class PagerRefusal extends Error {
  override readonly name = "PagerRefusal";
  readonly status: number;
  /** ms to wait before asking again, from Retry-After or ratelimit-reset. */
  readonly retryAfter: number | null;

  constructor(status: number, message: string, retryAfter: number | null) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

export interface PagerClientOptions {
  token: string;
  /** Base URL; another one for the EU service region. */
  url: string | null;
  /** ms */
  timeout?: number;
}

export interface PagerClient {
  /** `from` = the email of the user it is done as. Throws PagerRefusal, or an Error when no answer came. */
  call<Schema extends z.ZodType>(
    schema: Schema,
    request: {
      method?: "GET" | "POST" | "PUT";
      path: string;
      query?: Record<string, string | string[]>;
      data?: object;
      from?: string;
    },
  ): Promise<z.infer<Schema>>;
}

function waitOf(headers: Headers): number | null {
  const seconds = Number(headers.get("retry-after") ?? headers.get("ratelimit-reset"));
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
}

function messageOf(data: unknown): string {
  const error = (data as { error?: { message?: string; errors?: string[] } } | null)?.error;
  return [error?.message, ...(error?.errors ?? [])].filter(Boolean).join(": ") || "no reason given";
}

/**
 * pdjs with what it lacks: a deadline (its own timeout does nothing), a status check (4xx and 5xx resolve), other hosts
 * than https ones, and PagerDuty's word on when to ask again (it waits a fixed time and hides the header until it
 * gives up; so it gives up soon).
 */
export function createPagerClient({ token, url, timeout = 10_000 }: PagerClientOptions): PagerClient {
  const base = (url ?? "https://api.pagerduty.com").replace(/\/+$/, "");
  return {
    async call(schema, { method = "GET", path, query, data, from }) {
      const signal = AbortSignal.timeout(timeout);
      const late = new Promise<never>((_, reject) => {
        signal.addEventListener(
          "abort",
          () => reject(new Error(`PagerDuty gave no answer within ${timeout} ms`)),
          { once: true },
        );
      });
      const request = api({
        url: `${base}${path}`,
        method,
        token,
        signal,
        requestTimeout: timeout,
        retryTimeout: 1000,
        ...(query !== undefined && { queryParameters: query }),
        ...(data !== undefined && { data }),
        ...(from !== undefined && { headers: { From: from } }),
      });
      let response: Awaited<typeof request>;
      try {
        response = await Promise.race([request, late]);
      } catch (error) {
        // A body that is no JSON rejects with the response itself.
        const status = (error as { status?: number } | null)?.status;
        if (typeof status === "number")
          throw new PagerRefusal(status, `PagerDuty answered ${status} without saying why`, null);
        throw error instanceof Error ? error : new Error(String(error));
      }
      if (!response.ok)
        throw new PagerRefusal(response.status, messageOf(response.data), waitOf(response.headers));
      return schema.parse(response.data);
    },
  };
}
