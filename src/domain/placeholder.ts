/** Text that stands where a real address, number or name has yet to be written. */
export function isPlaceholderText(text: string): boolean {
  return /\[[^\]]+\](?!\()|\b555\b|\b(TODO|TBD|FIXME|XXX)\b/.test(text);
}
