import { webApi } from "@slack/bolt";

/** How a call to Slack can go wrong, by what is known about its effect. */
export type SlackFailure =
  /** Nothing happened; Slack says when to come again. */
  | { kind: "limited"; retryAfterMs: number }
  /** Nothing happened, and repeating it does not help. `byAdmin`: until somebody repairs the app's installation. */
  | { kind: "refused"; code: string; byAdmin: boolean }
  /** Nothing happened: the request never got there. */
  | { kind: "unreached"; why: string }
  /** It may have happened: no answer came, or one that says nothing. */
  | { kind: "uncertain"; why: string };

/** Refusals that end when a workspace or app administrator acts: tokens, scopes, sign-on (docs.slack.dev, any method's errors). */
const byAdmin = new Set([
  "access_denied",
  "account_inactive",
  "ekm_access_denied",
  "enterprise_is_restricted",
  "invalid_auth",
  "missing_scope",
  "no_permission",
  "not_allowed_token_type",
  "not_authed",
  "org_login_required",
  "team_access_not_granted",
  "token_expired",
  "token_revoked",
  "two_factor_setup_required",
]);

/** "It's possible some aspect of the operation succeeded before the error was raised" (fatal_error). */
const inconclusive = new Set(["fatal_error", "internal_error", "request_timeout"]);

/** Network errors before anything was sent. */
const unsent = new Set([
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function causeCode(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1)
    if ("code" in at && typeof at.code === "string" && unsent.has(at.code)) return at.code;
  return undefined;
}

/** A network error of fetch. */
export function networkFailure(error: unknown): SlackFailure {
  const code = causeCode(error);
  if (code !== undefined) return { kind: "unreached", why: code };
  return { kind: "uncertain", why: error instanceof Error ? error.message : String(error) };
}

/** An HTTP status that is no answer of the method itself. */
export function statusFailure(status: number, retryAfterSeconds: number | null): SlackFailure {
  if (status === 429) return { kind: "limited", retryAfterMs: (retryAfterSeconds ?? 30) * 1000 };
  if (status === 503) return { kind: "unreached", why: "HTTP 503" };
  if (status >= 500) return { kind: "uncertain", why: `HTTP ${status}` };
  return { kind: "refused", code: `http_${status}`, byAdmin: false };
}

function platformFailure(code: string): SlackFailure {
  if (code === "ratelimited" || code === "rate_limited") return { kind: "limited", retryAfterMs: 30_000 };
  if (code === "service_unavailable") return { kind: "unreached", why: code };
  if (inconclusive.has(code)) return { kind: "uncertain", why: code };
  return { kind: "refused", code, byAdmin: byAdmin.has(code) };
}

/** A failure that did not come from the Web API client. */
export class SlackCallFailed extends Error {
  override readonly name = "SlackCallFailed";
  readonly failure: SlackFailure;

  constructor(failure: SlackFailure) {
    super(failureText(failure));
    this.failure = failure;
  }
}

/** undefined: not an error of a call to Slack, so a mistake of ours. */
export function failureOf(error: unknown): SlackFailure | undefined {
  if (error instanceof SlackCallFailed) return error.failure;
  if (error instanceof webApi.WebAPIRateLimitedError)
    return { kind: "limited", retryAfterMs: error.retryAfter * 1000 };
  if (error instanceof webApi.WebAPIPlatformError) return platformFailure(error.data.error);
  if (error instanceof webApi.WebAPIHTTPError) return statusFailure(error.statusCode, null);
  if (error instanceof webApi.WebAPIRequestError) return networkFailure(error.original);
  // What filesUploadV2 throws when the upload itself was not taken.
  if (error instanceof Error && error.message.startsWith("Failed to upload file"))
    return { kind: "uncertain", why: "upload not taken" };
  return undefined;
}

/** Slack's error code when it refused. */
export function refusalCode(error: unknown): string | undefined {
  const failure = failureOf(error);
  return failure?.kind === "refused" ? failure.code : undefined;
}

export function failureText(failure: SlackFailure): string {
  switch (failure.kind) {
    case "limited":
      return `rate limited for ${Math.ceil(failure.retryAfterMs / 1000)} s`;
    case "refused":
      return `Slack refused: ${failure.code}`;
    case "unreached":
      return `Slack not reached: ${failure.why}`;
    case "uncertain":
      return `no clear answer from Slack: ${failure.why}`;
  }
}
