import { expect, test } from "vitest";
import { renderPlain, renderView } from "../../../src/adapters/slack/blocks/render-view.ts";
import type { View } from "../../../src/domain/view.ts";

const at = new Date("2026-11-22T03:05:12Z");
const robin = { person: "U0ROBIN", name: "Robin" };

/** What people see most, as it goes to Slack. Look at a change in these files as you would at a screenshot. */
const views: Record<string, View> = {
  card: {
    summary: "sev2 open: api in prod: High error rate",
    blocks: [
      { type: "heading", text: "api in prod: High error rate" },
      {
        type: "facts",
        facts: [
          { label: "Status", value: "🔴 open" },
          { label: "Severity", value: "sev2" },
          { label: "Detected", value: { time: at, as: "clock" } },
          { label: "Acknowledged by", value: robin },
          { label: "Alerts", value: "2 firing of 2: ApiErrorRate <b>, ApiLatency" },
        ],
      },
      { type: "divider" },
      { type: "text", text: [{ bold: "Roll back api in prod to v1.1.9?" }] },
      {
        type: "buttons",
        buttons: [
          { label: "Confirm", command: "approve P1", style: "primary" },
          { label: "See the plan", command: "status P1" },
        ],
      },
    ],
  },
  plan: {
    summary: "P1: Roll back api in prod to v1.1.9",
    blocks: [
      { type: "heading", text: "Roll back api in prod to v1.1.9" },
      {
        type: "facts",
        facts: [
          { label: "Image", value: ["api:v1.2.0 → ", { code: "api:v1.1.9" }] },
          { label: "Revision", value: "7 → 6" },
        ],
      },
      { type: "code", language: "diff", text: "-    image: api:v1.2.0\n+    image: api:v1.1.9" },
      {
        type: "text",
        text: [{ bold: "Warning: " }, "ConfigMap ", { code: "api-flags" }, " does not exist."],
      },
      {
        type: "text",
        text: [{ bold: "Afterwards: " }, "rolled out → /health answers 2xx → error rate < 1 %"],
      },
      { type: "note", text: ["P1 · ", robin, " · Nothing has been touched."] },
      {
        type: "buttons",
        buttons: [
          { label: "Approve", command: "approve P1", style: "primary" },
          {
            label: "Deny",
            command: "deny P1",
            style: "danger",
            confirm: { title: "Deny this plan?", text: "It can be planned again.", yes: "Deny" },
          },
        ],
      },
    ],
  },
  progress: {
    summary: "R1 Running: Roll back api in prod",
    blocks: [
      { type: "heading", text: "R1 Running: Roll back api in prod" },
      {
        type: "list",
        items: ["✓ Roll back", ["→ Wait for the rollout", " · 2 of 3 pods updated"], "· Check health"],
      },
      { type: "list", items: ["First", "Second\nline"], ordered: true },
      { type: "buttons", buttons: [{ label: "Stop", command: "stop R1", style: "danger" }] },
    ],
  },
  refusal: {
    summary: "You may not roll back api in prod.",
    blocks: [
      { type: "text", text: [{ bold: "You may not roll back api in prod." }] },
      { type: "text", text: ["Your roles do not allow ", { code: "rollout:undo" }, "."] },
      {
        type: "text",
        text: ["See ", { link: "https://docs.example.com/?a=1&b=2", text: "the runbook" }, "."],
      },
    ],
  },
  history: {
    summary: "Releases of api in prod",
    blocks: [
      {
        type: "table",
        columns: ["Revision", "Image", "Health"],
        rows: [
          ["7 (now)", "api:v1.2.0", "bad: error rate 31 %"],
          ["6", { code: "api:v1.1.9" }, ""],
        ],
      },
      { type: "table", columns: ["Run", "By"], rows: [["R1", robin]] },
    ],
  },
};

test.each(Object.entries(views))("%s", async (name, view) => {
  const rendered = renderView(view, { outboxId: 42, command: "/crai" });
  const { text: plain } = renderPlain(view, { command: "/crai" });

  const shown = `${JSON.stringify(rendered, null, 2)}\n\n--- as plain text ---\n${plain}\n`;
  await expect(shown).toMatchFileSnapshot(`golden/${name}.golden`);
});
