import { expect, test } from "vitest";
import { lastBytes } from "../../src/actions/diagnose/last-bytes.ts";

test.each([
  ["all of a log that is short enough", "old\nnew\n", 8, "old\nnew\n"],
  ["whole lines of a longer one, the newest", "old\nnew\n", 7, "new\n"],
  ["a line that begins right there", "old\nnew\n", 4, "new\n"],
  ["bytes and not letters", "ä\nö\n", 5, "ö\n"],
  ["the end of one long line", "0123456789\n", 4, "789\n"],
])("keeps %s", (_, log, most, kept) => {
  expect(lastBytes(log, most)).toBe(kept);
});
