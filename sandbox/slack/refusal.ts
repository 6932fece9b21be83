/** Slack says no: answered as `{ ok: false, error: code }`, with `messages` in response_metadata. */
export class SlackRefusal extends Error {
  override readonly name = "SlackRefusal";
  readonly code: string;
  readonly messages: readonly string[];
  /** Further top-level fields of the answer, e.g. `needed` and `provided` of missing_scope. */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    messages: readonly string[] = [],
    fields: Readonly<Record<string, unknown>> = {},
  ) {
    super(messages.length > 0 ? `${code}: ${messages.join("; ")}` : code);
    this.code = code;
    this.messages = messages;
    this.fields = fields;
  }
}
