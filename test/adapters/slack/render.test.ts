import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Block, Button, View } from "../../../src/domain/view.ts";
import { findButton, parseButtonRef } from "../../../src/adapters/slack/blocks/button-ref.ts";
import { renderForm, submittedCommand } from "../../../src/adapters/slack/blocks/render-form.ts";
import { renderPlain, renderView } from "../../../src/adapters/slack/blocks/render-view.ts";
import { splitWords } from "../../../src/engine/commands/parse-command.ts";
import { checkMessageBlocks, checkView } from "../../../sandbox/slack/check-blocks.ts";
import { messageLimits } from "../../../sandbox/slack/limits.ts";
import { anyButtonWithForm, anyView } from "./views.ts";

const context = { outboxId: 12, command: "/crai" };

function viewOf(...blocks: Block[]): View {
  return { summary: "A view", blocks };
}

function rendered(...blocks: Block[]) {
  return renderView(viewOf(...blocks), context).blocks;
}

/** All text of a block, as Slack gets it. */
function texts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(texts);
}

const massMention = /<!(channel|here|everyone)/;
// eslint-disable-next-line no-control-regex -- the point is to find them
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

/** Every `<…>` in it is one that crai makes: a person, a channel, a date, or an http link whose label is no other address. */
function strangeTokens(text: string): string[] {
  return [...text.matchAll(/<([^<>]*)>?/g)]
    .map(([, inside = ""]) => inside)
    .filter((inside) => {
      const [target = "", label = ""] = inside.split("|");
      if (
        /^[@#][A-Z0-9]+$/.test(inside) ||
        /^!date\^\d+\^\{[a-z_]+\}( \{time\})?\|[\d:\- ]+UTC$/.test(inside)
      )
        return false;
      if (!/^https?:\/\//.test(target)) return true;
      return (
        /:\/\//.test(label) &&
        label.replaceAll("&amp;", "&").replace(/…$/, "") !==
          target.replaceAll("&amp;", "&").slice(0, label.replaceAll("&amp;", "&").replace(/…$/, "").length)
      );
    });
}

describe("any view", () => {
  test("is taken by Slack as it stands", () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const { text, blocks } = renderView(view, context);
        checkMessageBlocks(blocks);
        expect(text).not.toBe("");
        expect(Buffer.byteLength(text)).toBeLessThan(messageLimits.updateTextBytes);
      }),
      { numRuns: 300 },
    );
  });

  test("is taken by Slack's Home tab as it stands", () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const { blocks } = renderView(view, context, "home");
        expect(checkView({ type: "home", blocks }, "home").blocks).toHaveLength(blocks.length);
      }),
      { numRuns: 50 },
    );
  });

  test("mentions nobody it does not name, forges no link, and hides or colors nothing", () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const { text, blocks } = renderView(view, context);
        for (const one of [text, renderPlain(view, context).text, ...texts(blocks)]) {
          expect(one).not.toMatch(massMention);
          expect(one).not.toMatch(control);
        }
        const formatted = blocks.flatMap((block) =>
          block.type === "section" || block.type === "context" ? texts(block) : [],
        );
        expect([text, ...formatted].flatMap(strangeTokens)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("fits into a text where Slack refuses its blocks", () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const { text } = renderPlain(view, context);
        expect(text).not.toBe("");
        expect(Buffer.byteLength(text)).toBeLessThan(messageLimits.updateTextBytes);
      }),
    );
  });

  test("has the same buttons after it was stored", () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const { blocks } = renderView(view, context);
        const stored = JSON.parse(JSON.stringify(view)) as View;
        const values = blocks
          .flatMap((block) => (block.type === "actions" ? block.elements : []))
          .map((element) => ("value" in element ? (element.value ?? "") : ""));
        for (const value of values) {
          const ref = parseButtonRef(value);
          expect(ref?.outboxId).toBe(12);
          expect(findButton(stored, 12, ref!.ref)).toBeDefined();
        }
      }),
    );
  });

  test("is rendered the same from the database as from memory", () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const stored = JSON.parse(JSON.stringify(view)) as View;
        expect(renderView(stored, context)).toEqual(renderView(view, context));
      }),
      { numRuns: 50 },
    );
  });
});

describe("code", () => {
  test("cannot be left by what stands in it", () => {
    const blocks = rendered({ type: "code", language: "text", text: "a ``` <!channel> `````` b" });

    const [text = ""] = texts(blocks).filter((one) => one.includes("a "));
    expect(text.match(/```/g)).toHaveLength(2);
    expect(text.startsWith("```\n")).toBe(true);
    expect(text.endsWith("\n```")).toBe(true);
  });

  test("too long for a message is cut at a line, and it is said how much is missing and where it is", () => {
    const lines = Array.from({ length: 2000 }, (_, index) => `line ${index + 1} of a long diff`);
    const blocks = rendered(
      { type: "code", language: "diff", text: lines.join("\n") },
      { type: "buttons", buttons: [{ label: "Confirm", command: "approve P1" }] },
    );

    const shown = texts(blocks)
      .join("\n")
      .match(/line \d+ of a long diff/g)!.length;
    expect(shown).toBeGreaterThan(200);
    expect(texts(blocks)).toContain(`… ${2000 - shown} more lines · \`/crai export\` has all`);
    expect(blocks.at(-1)?.type).toBe("actions");
  });

  test("of 3,001 characters in one line is still taken", () => {
    const blocks = rendered({ type: "code", language: "text", text: "x".repeat(3001) });

    expect(checkMessageBlocks(blocks)).toHaveLength(2);
  });
});

test("a long text takes no room from the buttons, and a short one after it is not starved", () => {
  const blocks = rendered(
    { type: "text", text: "word ".repeat(5000) },
    { type: "facts", facts: [{ label: "Image", value: "api:v1.1.9" }] },
    { type: "buttons", buttons: [{ label: "Confirm", command: "approve P1" }] },
  );

  expect(texts(blocks)).toContain("*Image*\napi:v1.1.9");
  expect(blocks.at(-1)?.type).toBe("actions");
});

test("more than 50 blocks lose the last that are no buttons", () => {
  const many = Array.from({ length: 60 }, (_, index): Block => ({ type: "text", text: `Block ${index}` }));
  const blocks = rendered(...many, { type: "buttons", buttons: [{ label: "Stop", command: "stop R1" }] });

  expect(blocks).toHaveLength(50);
  expect(blocks.at(-1)?.type).toBe("actions");
  expect(texts(blocks)).toContain("Block 0");
});

describe("inline text", () => {
  function shown(text: Parameters<typeof viewOf>[0] & { type: "text" }): string {
    return texts(rendered(text)).find((one) => one !== "section" && one !== "mrkdwn") ?? "";
  }
  function inline(text: (Block & { type: "text" })["text"]): string {
    return shown({ type: "text", text });
  }

  test("names a person by Slack ID only when it is one", () => {
    expect(inline({ person: "U0ALEX", name: "Alex" })).toBe("<@U0ALEX>");
    expect(inline({ person: "kubernetes:alex", name: "Alex <b>" })).toBe("Alex &lt;b&gt;");
    expect(inline({ person: "U0|evil>", name: "Eve" })).toBe("Eve");
  });

  test("links to http and https only, and never under another address", () => {
    expect(inline({ link: "https://a.example/x?y=1&z=2", text: "the alert" })).toBe(
      "<https://a.example/x?y=1&amp;z=2|the alert>",
    );
    expect(inline({ link: "javascript:alert(1)", text: "click" })).toBe("click javascript:alert(1)");
    expect(inline({ link: "https://evil.example/", text: "https://bank.example" })).toBe(
      "<https://evil.example/|https://evil.example/>",
    );
    expect(inline({ link: "https://evil.example/", text: "bank.example/login" })).toBe(
      "<https://evil.example/|https://evil.example/>",
    );
  });

  test("shows times in the reader's zone, and in UTC where that cannot be", () => {
    expect(inline({ time: new Date("2026-11-22T03:05:12Z"), as: "clock" })).toBe(
      "<!date^1795316712^{time}|2026-11-22 03:05 UTC>",
    );
  });

  test("a list needs no bullet where items have marks of their own", () => {
    const blocks = rendered({ type: "list", items: ["✓ Rolled back", "→ Watching", "plain"] });
    expect(texts(blocks)).toContain("✓ Rolled back\n→ Watching\n• plain");
  });
});

describe("a form", () => {
  test("of any button opens as a modal Slack takes", () => {
    fc.assert(
      fc.property(anyButtonWithForm, (button) => {
        const origin = { ref: "12:0123456789abcdef", thread: null, responseUrl: null };
        const view = renderForm(button.form!, origin);
        expect(checkView(view, "modal").blocks).toHaveLength(button.form!.fields.length);
      }),
      { numRuns: 50 },
    );
  });

  const button: Button = {
    label: "Break the glass…",
    command: "approve P4 --break-glass",
    form: {
      title: "Break the glass",
      submit: "Run it",
      fields: [
        { name: "reason", label: "Why", input: { type: "text", multiline: true }, required: true },
        {
          name: "severity",
          label: "Severity",
          input: {
            type: "select",
            options: [
              { label: "SEV 1", value: "sev1" },
              { label: "SEV 2", value: "sev2" },
            ],
          },
          required: false,
        },
      ],
    },
  };

  test("becomes the command it stands for, whatever was typed into it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (typed) => {
        const result = submittedCommand(button, {
          "field:0": { value: { value: `x${typed}` } },
          "field:1": { value: { selected_option: { value: "1" } } },
        });

        const words = splitWords("command" in result ? result.command : "");
        expect(words.slice(0, 3)).toEqual(["approve", "P4", "--break-glass"]);
        expect(words).toHaveLength(5);
        expect(words[3]).toMatch(/^--reason=x/);
        expect(words[4]).toBe("--severity=sev2");
      }),
    );
  });

  test("that lacks what it needs is answered at the field", () => {
    expect(submittedCommand(button, { "field:0": { value: { value: " \n" } } })).toEqual({
      errors: { "field:0": "Why is needed." },
    });
  });

  test("takes no option and no field that was not offered", () => {
    const result = submittedCommand(button, {
      "field:0": { value: { value: "why" } },
      "field:1": { value: { selected_option: { value: "7" } } },
      "field:9": { value: { value: "--force" } },
    });
    expect(result).toEqual({ command: "approve P4 --break-glass --reason=why" });
  });
});
