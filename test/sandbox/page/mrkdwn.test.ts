import { expect, test } from "vitest";
import { formatDateTokens } from "../../../sandbox/page/mrkdwn/dates.ts";
import { withEmoji } from "../../../sandbox/page/mrkdwn/emoji.ts";
import { type Inline, parseMrkdwn } from "../../../sandbox/page/mrkdwn/parse.ts";

/** The tree as one line: bold as b(…), a mention as @(U…), a line break as ⏎. */
function draw(source: string): string {
  return parseMrkdwn(source)
    .map(({ kind, children }) => (kind === "paragraph" ? inlines(children) : `${kind}(${inlines(children)})`))
    .join(" | ");
}

function inlines(nodes: Inline[]): string {
  return nodes.map(inline).join("");
}

function inline(node: Inline): string {
  switch (node.kind) {
    case "text":
    case "emoji":
      return node.text;
    case "code":
      return `code(${node.text})`;
    case "break":
      return "⏎";
    case "bold":
    case "italic":
    case "strike":
      return `${node.kind[0]}(${inlines(node.children)})`;
    case "link":
      return `link(${node.href} ${node.label})`;
    case "broadcast":
      return `!(${node.name})`;
    case "date":
      return `date(${node.seconds} ${node.format} ${node.fallback})`;
    case "user":
    case "channel":
    case "group":
      return `${node.kind}(${node.id})`;
  }
}

test.each([
  [
    "styles at the edges of words only",
    "*b* a*b*c _i_ snake_case_name ~s~ 5 * 3 * 2",
    "b(b) a*b*c i(i) snake_case_name s(s) 5 * 3 * 2",
  ],
  [
    "styles inside one another and around code and links",
    "*a `x*y` _b_* *<https://x.y/a_b|z>*",
    "b(a code(x*y) i(b)) b(link(https://x.y/a_b z))",
  ],
  ["no style across lines", "*a\nb*", "*a⏎b*"],
  ["mentions", "<@U1> <#C1|gen> <!subteam^S1|@sre> <!here>", "user(U1) channel(C1) group(S1) !(here)"],
  ["what is escaped as text", "&lt;!channel&gt; &lt;@U1&gt; &amp;lt;", "<!channel> <@U1> &lt;"],
  [
    "Markdown's links as text",
    "[x](https://evil.example)",
    "[x](link(https://evil.example https://evil.example))",
  ],
  ["known emoji, and times as times", ":tada: 12:00:04 :nothing:", "🎉 12:00:04 :nothing:"],
  [
    "code blocks without styles or emoji",
    "a\n```\n*b* :tada: <@U1>\n```\nc",
    "a | preformatted(*b* :tada: user(U1)) | c",
  ],
  ["a fence that is never closed as text", "```a *b*", "```a b(b)"],
  ["quotes", "&gt; a\n&gt; b\nc", "quote(a⏎b) | c"],
  ["dates", "<!date^1700000000^{date} at {time}|then>", "date(1700000000 {date} at {time} then)"],
])("reads %s", (_what, source, drawn) => {
  expect(draw(source)).toBe(drawn);
});

test("takes characters that it uses itself for nothing special", () => {
  expect(draw("\ue000 `x`")).toBe("\ufffd code(x)");
});

test("writes dates as Slack does, with names for the days near now", () => {
  const now = new Date("2026-11-22T12:00:00");
  const seconds = new Date("2026-11-22T09:05:00").getTime() / 1000;
  expect(formatDateTokens(seconds, "{date_short_pretty} at {time}", now)).toBe("Today at 09:05");
  expect(formatDateTokens(seconds - 86_400, "{date_pretty}", now)).toBe("Yesterday");
  expect(formatDateTokens(seconds - 3 * 86_400, "{date_short_pretty}", now)).toBe("Nov 19, 2026");
  expect(formatDateTokens(seconds, "{ago} {unknown}", now)).toBe("3 hours ago {unknown}");
});

test("knows Slack's own names of emoji where plain text holds them", () => {
  expect(withEmoji(":rotating_light: :large_green_circle: :octagonal_sign: 12:00:04")).toBe(
    "🚨 🟢 🛑 12:00:04",
  );
});
