import type { ClientFailure, ClientInput, ClientMethod, ClientResult } from "../../slack/client-api.ts";

/** The workspace said no, or could not be reached (`code` "unreachable"). The message is for the person. */
export class CallError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CallError";
    this.code = code;
  }
}

export type Call = <M extends ClientMethod>(method: M, input: ClientInput<M>) => Promise<ClientResult<M>>;

/** The client API as one person. */
export function callAs(user: string): Call {
  return async function call(method, input) {
    const url = `/slack/client/${method}?as=${encodeURIComponent(user)}`;
    const answer = await post(url, input);
    if (!answer.ok) throw new CallError(answer.error, answer.message);
    return answer.result as never;
  };
}

type Answer = { ok: true; result: unknown } | ClientFailure;

async function post(url: string, body: unknown): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Answer;
  } catch (error) {
    throw new CallError("unreachable", "The workspace does not answer. Is the sandbox still running?", {
      cause: error,
    });
  }
}
