import type { Block, Text, View } from "../../domain/view.ts";

/** Text with `code` in backticks as inline code. */
export function withCode(text: string): Text {
  return text
    .split("`")
    .map((part, index) => (index % 2 === 1 ? { code: part } : part))
    .filter((part) => part !== "");
}

export interface Refusal {
  message: string;
  why: string;
  next: string;
}

/** What happened, why, and what to do next: one line each. */
export function refusalView(error: Refusal): View {
  const blocks: Block[] = [
    { type: "text", text: [{ bold: error.message }] },
    ...[error.why, error.next].map((line) => ({ type: "text", text: withCode(line) }) as const),
  ];
  return { summary: error.message, blocks };
}

export function brokenView(reference: string): View {
  const summary = `Something broke on our side (reference ${reference}).`;
  return {
    summary,
    blocks: [
      { type: "text", text: [{ bold: summary }] },
      {
        type: "text",
        text: withCode(
          "It is logged under this reference. Nothing was changed by this command unless a run says so: see `runs`.",
        ),
      },
    ],
  };
}
