import { describe, expect, test } from "vitest";
import { mentionedCommand, typedText } from "../../../src/adapters/slack/typed-text.ts";

describe("what Slack made of a command is what the person typed", () => {
  test.each([
    ["rollback api --to 3", "rollback api --to 3"],
    ["  rollback\u00a0api ", "rollback api"],
    ["note a &lt;b&gt; &amp; c", "note a <b> & c"],
    ["note a &amp;lt; b", "note a &lt; b"],
    ["rollback --reason “too slow”", 'rollback --reason "too slow"'],
    ["note ‘it’s broken’", "note 'it's broken'"],
    ["rollback —reason x", "rollback --reason x"],
    ["rollback –to 3", "rollback --to 3"],
    ["note 10 – 20 — fine", "note 10 – 20 — fine"],
    ["incident roles commander <@U0ALEX|alex>", "incident roles commander @U0ALEX"],
    ["note see <#C0API|team-api>", "note see #C0API"],
    ["note ask <!subteam^S0SRE|@sre> and <!here>", "note ask @S0SRE and @here"],
    ["note <https://grafana.example/d/1?a=b&amp;c=d>", "note https://grafana.example/d/1?a=b&c=d"],
    ["note <http://grafana.example|grafana.example>", "note grafana.example"],
    ["note <http://grafana.example/|grafana.example>", "note grafana.example"],
    ["note <https://evil.example|grafana.example>", "note https://evil.example"],
    ["note <mailto:ops@example.com|ops@example.com>", "note ops@example.com"],
    ["note at <!date^1795316712^{time}|03:05>", "note at 03:05"],
    ["`rollback api`", "rollback api"],
    ["```rollback api```", "rollback api"],
    ["note `kubectl` says no", "note `kubectl` says no"],
    ["roll\u200bback api\ufeff", "rollback api"],
    ["", ""],
  ])("%j → %j", (escaped, typed) => {
    expect(typedText(escaped)).toBe(typed);
  });
});

describe("a message that mentions crai", () => {
  test.each([
    ["<@U0CRAI> rollback api", "rollback api"],
    ["<@U0CRAI|crai>: status", "status"],
    ["  <@U0CRAI>\nstatus", "status"],
    ["<@U0CRAI>", ""],
  ])("is a command when it begins with the mention: %j", (text, command) => {
    expect(mentionedCommand(text, "U0CRAI")).toBe(command);
  });

  test.each(["I asked <@U0CRAI> to roll back", "<@U0ALEX> rollback api"])("else is none: %j", (text) => {
    expect(mentionedCommand(text, "U0CRAI")).toBeUndefined();
  });
});
