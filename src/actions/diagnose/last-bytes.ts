/**
 * The end of a log, from the beginning of a line where there is one. Not the work of `limitBytes`: Kubernetes goes back
 * `tailLines` first and stops after so many bytes, so the newest lines would be lost.
 */
export function lastBytes(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text;
  const bytes = Buffer.from(text);
  const from = bytes.length - most;
  const next = bytes.indexOf("\n", from - 1) + 1;
  return bytes.subarray(next === 0 || next === bytes.length ? from : next).toString();
}
