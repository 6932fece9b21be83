// oxlint-disable unicorn/require-post-message-target-origin -- chat.postMessage is Slack's, not the window's
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { blockLimits } from "../../../sandbox/slack/limits.ts";
import { checkMessageBlocks, checkView } from "../../../sandbox/slack/check-blocks.ts";
import { SlackRefusal } from "../../../sandbox/slack/refusal.ts";
import { startWorkspace, webClient } from "./setup.ts";

const api = "C0API";

function plain(text: string) {
  return { type: "plain_text", text };
}

function text(length: number): string {
  return "x".repeat(length);
}

function button(more: object = {}) {
  return { type: "button", action_id: "a", text: plain("Go"), ...more };
}

function actions(...elements: object[]) {
  return { type: "actions", elements };
}

function section(length: number) {
  return { type: "section", text: { type: "mrkdwn", text: text(length) } };
}

function list<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function option(index: number) {
  return { text: plain(`option ${index}`), value: String(index) };
}

function select(count: number) {
  return {
    type: "static_select",
    action_id: "s",
    placeholder: plain("Choose"),
    options: list(count, option),
  };
}

const divider = { type: "divider" };

function table(rows: number, columns: number, cell = "x") {
  return { type: "table", rows: list(rows, () => list(columns, () => ({ type: "raw_text", text: cell }))) };
}

/** What fits exactly, what is one too much, and where Slack says the fault is. */
const edges: [string, object[], object[], string][] = [
  [
    "50 blocks",
    list(50, () => divider),
    list(51, () => divider),
    "no more than 50 items allowed [json-pointer:/blocks]",
  ],
  [
    "100 rows of a table",
    [table(100, 1)],
    [table(101, 1)],
    "no more than 100 items allowed [json-pointer:/blocks/0/rows]",
  ],
  [
    "20 columns of a table",
    [table(1, 20)],
    [table(1, 21)],
    "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]",
  ],
  [
    "a table's cell with a text",
    [table(1, 1)],
    [table(1, 1, "")],
    "must be more than 0 characters [json-pointer:/blocks/0/rows/0/0/text]",
  ],
  [
    "section text 3000",
    [section(3000)],
    [section(3001)],
    "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
  ],
  [
    "section text 1",
    [section(1)],
    [section(0)],
    "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
  ],
  [
    "header 150",
    [{ type: "header", text: plain(text(150)) }],
    [{ type: "header", text: plain(text(151)) }],
    "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
  ],
  [
    "button text 75",
    [actions(button({ text: plain(text(75)) }))],
    [actions(button({ text: plain(text(76)) }))],
    "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
  ],
  [
    "button value 2000",
    [actions(button({ value: text(2000) }))],
    [actions(button({ value: text(2001) }))],
    "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
  ],
  [
    "action_id 255",
    [actions(button({ action_id: text(255) }))],
    [actions(button({ action_id: text(256) }))],
    "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
  ],
  [
    "block_id 255",
    [{ ...divider, block_id: text(255) }],
    [{ ...divider, block_id: text(256) }],
    "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
  ],
  [
    "25 actions",
    [actions(...list(25, (index) => button({ action_id: `a${index}` })))],
    [actions(...list(26, (index) => button({ action_id: `a${index}` })))],
    "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
  ],
  [
    "10 context elements",
    [{ type: "context", elements: list(10, () => plain("x")) }],
    [{ type: "context", elements: list(11, () => plain("x")) }],
    "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
  ],
  [
    "10 fields",
    [{ type: "section", fields: list(10, () => plain("x")) }],
    [{ type: "section", fields: list(11, () => plain("x")) }],
    "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
  ],
  [
    "100 options",
    [actions(select(100))],
    [actions(select(101))],
    "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
  ],
  ["a known type", [divider], [{ type: "nonsense" }], "unsupported type [json-pointer:/blocks/0/type]"],
  [
    "known properties",
    [divider],
    [{ ...divider, color: "red" }],
    "invalid additional property: color [json-pointer:/blocks/0]",
  ],
  [
    "a text",
    [{ type: "header", text: plain("x") }],
    [{ type: "header" }],
    "missing required field: text [json-pointer:/blocks/0/text]",
  ],
  [
    "one block_id each",
    [
      { ...divider, block_id: "a" },
      { ...divider, block_id: "b" },
    ],
    [
      { ...divider, block_id: "a" },
      { ...divider, block_id: "a" },
    ],
    '`block_id` "a" already exists [json-pointer:/blocks]',
  ],
  [
    "one action_id each in a block",
    [
      { ...actions(button()), block_id: "a" },
      { ...actions(button()), block_id: "b" },
    ],
    [{ ...actions(button(), button()), block_id: "a" }],
    '`action_id` "a" already exists for `block_id` "a" [json-pointer:/blocks/0]',
  ],
];

test.each(edges)(
  "a message with %s is taken, one beyond is invalid_blocks and says where",
  (_name, fits, breaks, where) => {
    expect(checkMessageBlocks(fits)).toHaveLength(fits.length);

    const error = refused(() => checkMessageBlocks(breaks));
    expect(error.code).toBe("invalid_blocks");
    expect(error.messages).toContain(`[ERROR] ${where}`);
  },
);

function refused(act: () => unknown): SlackRefusal {
  try {
    act();
  } catch (error) {
    if (error instanceof SlackRefusal) return error;
    throw error;
  }
  throw new Error("It was not refused");
}

function modal(more: object) {
  return { type: "modal", title: plain("Plan"), blocks: [divider], ...more };
}

const input = { type: "input", label: plain("Why"), element: { type: "plain_text_input", action_id: "t" } };

const views: [string, object, object][] = [
  ["100 blocks", modal({ blocks: list(100, () => divider) }), modal({ blocks: list(101, () => divider) })],
  ["a title of 24", modal({ title: plain(text(24)) }), modal({ title: plain(text(25)) })],
  [
    "private_metadata of 3000",
    modal({ private_metadata: text(3000) }),
    modal({ private_metadata: text(3001) }),
  ],
  [
    "a submit button for its input",
    modal({ blocks: [input], submit: plain("Go") }),
    modal({ blocks: [input] }),
  ],
];

test.each(views)("a modal with %s is taken, one beyond is invalid_arguments", (_name, fits, breaks) => {
  expect(checkView(fits, "modal").type).toBe("modal");
  expect(refused(() => checkView(breaks, "modal")).code).toBe("invalid_arguments");
});

test("a message has one table, and a view none", () => {
  expect(refused(() => checkMessageBlocks([table(1, 1), table(1, 1)])).code).toBe("invalid_attachments");
  const home = { type: "home", blocks: [table(1, 1)] };
  expect(refused(() => checkView(home, "home")).code).toBe("invalid_arguments");
});

test("a message's blocks together may not exceed about 13,200 characters", () => {
  expect(checkMessageBlocks(list(4, () => section(3000)))).toHaveLength(4);
  expect(refused(() => checkMessageBlocks(list(5, () => section(2800)))).code).toBe("msg_blocks_too_long");
});

describe("over the wire", () => {
  test("a refused block is HTTP 200 with Slack's error, the place in response_metadata, and nothing stored", async () => {
    const { apiUrl } = await startWorkspace();
    const client = webClient(apiUrl);

    const posted = client.chat.postMessage({ channel: api, text: "x", blocks: [section(3001)] as never });

    await expect(posted).rejects.toMatchObject({
      data: {
        ok: false,
        error: "invalid_blocks",
        response_metadata: {
          messages: ["[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"],
        },
      },
    });
    expect((await client.conversations.history({ channel: api })).messages).toEqual([]);
  });

  test("text beyond 40,000 is cut with a warning; an edit beyond 4,000 bytes is refused", async () => {
    const { apiUrl } = await startWorkspace();
    const client = webClient(apiUrl);

    const { message, ts, response_metadata } = await client.chat.postMessage({
      channel: api,
      text: text(40_001),
    });
    expect(message!.text).toHaveLength(40_000);
    expect(response_metadata).toMatchObject({ warnings: ["message_truncated"] });
    await client.chat.update({ channel: api, ts: ts!, text: text(4000) });
    const edit = client.chat.update({ channel: api, ts: ts!, text: "–".repeat(1334) });
    await expect(edit).rejects.toMatchObject({ data: { error: "msg_too_long" } });
    await expect(client.chat.postMessage({ channel: api, text: "" })).rejects.toMatchObject({
      data: { error: "no_text" },
    });
  });
});

/** Collected from Slack's documentation by others; lies beside the repository where it is there at all. */
const sample = resolve(import.meta.dirname, "../../../../shared/samples/slackblocks-limits.json");
const hasSample = existsSync(sample);
if (!hasSample) console.log(`skipped: the table of limits is compared only where ${sample} is there`);

describe.skipIf(!hasSample)("the table of limits", () => {
  let documented: Record<string, unknown>;
  beforeAll(() => {
    documented = JSON.parse(readFileSync(sample, "utf8")) as Record<string, unknown>;
  });

  test("says what the collected table says, wherever both speak", () => {
    expect(documented).toMatchObject(blockLimits);
  });
});
