/** A whole pair, a half one or U+0000, or any other escape; so that `\\u0000`, which is no escape, is passed over. */
const escapes = /\\(?:ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|(u0000|ud[89a-f][0-9a-f]{2})|.)/gi;

/**
 * JSON that PostgreSQL's jsonb takes: it refuses U+0000 and half surrogates, which alerts and clusters may well send. They
 * give way to U+FFFD.
 */
export function storableJson(json: string): string {
  if (!/\\u(?:0000|d[89a-f])/i.test(json)) return json;
  return json.replaceAll(escapes, (escape, bad: string | undefined) =>
    bad === undefined ? escape : "\ufffd",
  );
}
