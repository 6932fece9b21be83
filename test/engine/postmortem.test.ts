import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { cleanLine } from "../../src/domain/clean-text.ts";
import type { Incident } from "../../src/domain/incident.ts";
import type { TimelineEntry } from "../../src/domain/timeline.ts";
import { incidentChart } from "../../src/engine/incidents/postmortem/incident-chart.ts";
import { renderPostMortem } from "../../src/engine/incidents/postmortem/postmortem.ts";
import { alex, crai, incident12, recordOf, robin, story, type Told } from "./incident-record.ts";

const record = recordOf(story);

test("reads like a document that can be handed on", async () => {
  await expect(renderPostMortem(incident12, record)).toMatchFileSnapshot("golden/postmortem.md");
});

test("the same record gives the same bytes, also read back from the database and exported before", () => {
  const first = renderPostMortem(incident12, record);
  const readBack = record.map((entry) => ({
    ...(JSON.parse(JSON.stringify(entry)) as TimelineEntry),
    at: new Date(entry.at),
  }));
  const exported = recordOf([
    ...story,
    ["14:30:00", alex, { kind: "export.made", format: "Markdown", sha256: "ab".repeat(32) }],
  ]);

  expect(renderPostMortem(incident12, readBack)).toBe(first);
  expect(renderPostMortem(incident12, exported)).toBe(first);
});

test("names the hash that proves the record, and how to prove it", () => {
  const head = record.at(-1)!.hash;

  expect(renderPostMortem(incident12, record)).toContain(`crai audit verify --incident 12 --hash ${head}`);
});

test("says who broke the glass and why, and asks to review it", () => {
  const text = renderPostMortem(incident12, recordOf(brokenGlass));

  expect(text).toContain("Robin **broke the glass**, 2026-11-22 14:05:00 UTC: nobody awake");
  expect(text).toContain("Review why the glass was broken for P3");
  expect(text).toContain("Verify by hand what R1");
});

test("names everybody whose yes it took, and asks to review a glass that was broken after one of them", () => {
  const at = brokenGlass.findIndex(([, , fact]) => fact.kind === "approval.given");
  const approved: Told = [
    "14:04:00",
    alex,
    { kind: "approval.given", plan: 3, how: "approved", reason: null },
  ];
  const text = renderPostMortem(incident12, recordOf(brokenGlass.toSpliced(at, 0, approved)));

  expect(text).toMatch(/Alex approved it, 2026-11-22 14:04:00 UTC; Robin \*\*broke the glass\*\*/);
  expect(text).toContain("Review why the glass was broken for P3");
});

test("an incident that is not over says so instead of giving times it has not got", () => {
  const open: Incident = {
    ...incident12,
    status: "open",
    acknowledgedAt: null,
    mitigatedAt: null,
    resolvedAt: null,
  };
  const text = renderPostMortem(open, record.slice(0, 3));

  expect(text).toContain("| Duration | not over |");
  expect(text).toContain("| Resolved | not yet |");
  expect(text).toContain("Nothing was changed through crai.");
  expect(text).toContain("Check paging: nobody acknowledged this incident.");
});

test("plans that came to nothing are named with the reason", () => {
  const [planned] = story.filter(([, , fact]) => fact.kind === "plan.made");
  const text = renderPostMortem(
    incident12,
    recordOf([
      planned!,
      ["14:12:03", crai, { kind: "plan.voided", plan: 3, why: "Nobody said yes within 10m." }],
    ]),
  );

  expect(text).toContain("Planned and not carried out:");
  expect(text).toContain("never given: Nobody said yes within 10m.");
});

const brokenGlass: Told[] = [
  ...story.filter(([, , { kind }]) => kind === "plan.made" || kind === "run.started"),
  ["14:05:00", robin, { kind: "approval.given", plan: 3, how: "break-glass", reason: "nobody awake" }],
  [
    "14:09:00",
    robin,
    {
      kind: "run.finished",
      run: 1,
      outcome: "unknown",
      verdict: "effect-unknown",
      detail: "Prometheus has no data",
    },
  ],
];

interface Node {
  type: string;
  depth?: number;
  lang?: string | null;
  url?: string;
  checked?: boolean | null;
  value?: string;
  children?: Node[];
}

function textOf(node: Node): string {
  return node.value ?? node.children?.map(textOf).join("") ?? "";
}

/** Everything in a document that is not text: what hostile text must not be able to add, move or remove. */
function skeleton(markdown: string): string[] {
  const shapes: string[] = [];
  function walk(node: Node, path: string): void {
    // GitHub makes an address a link to itself: that poses as nothing else.
    const isOwnAddress =
      node.type === "link" &&
      /^(mailto:|https?:\/\/)/.test(node.url ?? "") &&
      (node.url ?? "").includes(textOf(node));
    if (!["text", "break", "paragraph", "root"].includes(node.type) && !isOwnAddress)
      shapes.push([path, node.type, node.depth, node.lang, node.url, node.checked].join(" ").trim());
    for (const child of node.children ?? []) walk(child, isOwnAddress ? path : `${path}/${node.type}`);
  }
  walk(fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }) as Node, "");
  return shapes;
}

const nasty = fc.oneof(
  fc.string({ minLength: 1, unit: "grapheme" }),
  fc
    .array(
      fc.constantFrom(
        ..."`*_~[]()<>#|\\!&$-+=:.\n\r\t\"'1 a".split(""),
        "```",
        "~~~",
        "](https://evil.example)",
        "![x](y)",
        "<script>",
        "<!--",
        "-->",
        "&lt;",
        "&#x3c;",
        "| --- |",
        "\n# ",
        "\n\n- ",
        "\n> ",
        "\n===",
        "\n---",
        "1. ",
        "[^1]",
        "[x]: /y",
        "\u2028",
        "\u001b[31m",
        "\u202e",
        "    ",
        "**",
        "__",
        "$$",
        "@",
        "https://x.y",
      ),
      { minLength: 1, maxLength: 12 },
    )
    .map((parts) => parts.join("")),
);

/** One entry of each kind: parsing is what takes the time. */
const shortStory = story.filter(
  ([, , { kind }], index) => story.findIndex(([, , fact]) => fact.kind === kind) === index,
);

/** The story with one text in every place where somebody else's text can stand. */
function infested(text: string): [Incident, TimelineEntry[]] {
  const told = shortStory.map(([at, actor, fact]): Told => {
    const bad: Record<string, unknown> = {};
    for (const key of [
      "title",
      "text",
      "reason",
      "why",
      "what",
      "command",
      "detail",
      "author",
      "name",
      "diff",
    ])
      if (key in fact && (fact as Record<string, unknown>)[key] !== null) bad[key] = text;
    if (fact.kind === "plan.made") {
      bad["facts"] = fact.facts.map(() => ({ label: text, value: text }));
      bad["kubectl"] = [text];
      bad["targets"] = [text];
    }
    if (fact.kind === "step.finished") {
      bad["evidence"] = fact.evidence.map(({ ok }) => ({ what: text, ok }));
      bad["detail"] = text;
    }
    if (fact.kind === "alert.fired") bad["url"] = null;
    if (fact.kind === "entry.amended")
      bad["seq"] = shortStory.findIndex(([, , { kind }]) => kind === "message.pinned") + 1;
    const named = actor.kind === "person" ? { ...actor, name: text } : actor;
    return [at, named, { ...fact, ...bad }];
  });
  return [{ ...incident12, title: text, channelName: text }, recordOf(told)];
}

const harmless = skeleton(renderPostMortem(...infested("x")));

test("no text of others can forge a heading, link, list, table, quote, code or HTML", () => {
  fc.assert(
    fc.property(nasty, (text) => {
      fc.pre(cleanLine(text) !== "");
      expect(skeleton(renderPostMortem(...infested(text)))).toEqual(harmless);
    }),
    { numRuns: 150 },
  );
});

test("text of others is shown as it was, whatever it is made of", () => {
  fc.assert(
    fc.property(nasty, (text) => {
      fc.pre(cleanLine(text) !== "");
      const markdown = renderPostMortem({ ...incident12, title: text }, []);
      const tree = fromMarkdown(markdown) as Node;
      expect(textOf(tree.children![0]!)).toBe(`Post-mortem: outage of api in prod, ${cleanLine(text)}`);
    }),
    { numRuns: 150 },
  );
});

test("a web address from an alert is a link under our words, any other address is none", () => {
  const withUrl = (url: string): string =>
    renderPostMortem(
      incident12,
      recordOf([
        ["14:00:06", crai, { kind: "alert.fired", source: "grafana", fingerprint: "f", title: "t", url }],
      ]),
    );

  expect(withUrl("https://a.example/x) [b](c|d")).toContain("[alert](https://a.example/x%29%20[b]%28c%7Cd)");
  expect(withUrl("javascript:alert(1)")).not.toContain("](");
});

const readings = {
  from: "2026-11-22T13:55:00.000Z",
  to: "2026-11-22T14:26:00.000Z",
  stepMs: 15_000,
  panels: [
    {
      title: "Error rate",
      unit: "ratio" as const,
      below: 0.01,
      above: null,
      points: [
        [Date.parse("2026-11-22T13:59:00Z"), 0.002],
        [Date.parse("2026-11-22T14:02:00Z"), 0.083],
        [Date.parse("2026-11-22T14:25:00Z"), 0.001],
      ] as [number, number][],
    },
  ],
};

test("shows how the app fared, as a picture and in figures", () => {
  const text = renderPostMortem(incident12, record, { picture: "post-mortem.png", readings });

  expect(text).toContain("![Error rate of api](post-mortem.png)");
  expect(text).toContain("| Error rate | below 1 % | 0.2 % | 8.3 % | 0.1 % |");
  expect(text).toMatch(/one every 15s, kept with the incident\. Their SHA-256: `[0-9a-f]{64}`/);
});

test("says why there are no readings, and is written all the same", () => {
  const text = renderPostMortem(incident12, record, { why: "connect ECONNREFUSED" });

  expect(text).toContain("Prometheus gave no readings: connect ECONNREFUSED");
  expect(text).toContain("## Follow-ups");
});

test("marks on the chart what happened and what was done", () => {
  const { marks, panels } = incidentChart(incident12, record, readings);

  expect(marks.map(({ label }) => label)).toEqual(["Detected", "R1", "Mitigated", "Resolved"]);
  expect(panels[0]!.points[1]).toEqual({ at: new Date("2026-11-22T14:02:00Z"), value: 0.083 });
});
