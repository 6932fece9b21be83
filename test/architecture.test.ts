import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { parseSync, Visitor } from "oxc-parser";
import { globSync } from "tinyglobby";
import { describe, expect, test } from "vitest";

/** Paths from the repository's root to what they hold. */
type Sources = ReadonlyMap<string, string>;

/**
 * Who may import whom. A file belongs to the first row that matches it, may import inside its own folder, and sees
 * only the rows it lists: downwards, never a sibling. `*` stands for one name, so that each adapter is on its own.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "src/*.ts": ["commands", "src/actions", "src/adapters/*", "src/engine", "src/store", "src/domain"],
  commands: ["src/engine", "src/store", "src/domain"],
  "src/actions": ["src/engine", "src/store", "src/domain"],
  "src/adapters/*": ["src/engine", "src/store", "src/domain"],
  "src/engine": ["src/store", "src/domain"],
  "src/store": ["src/domain"],
  "src/domain": [],
  // Outside the product: they may use it, it never knows of them.
  sandbox: ["src/*.ts", "commands", "src/actions", "src/adapters/*", "src/engine", "src/store", "src/domain"],
  bench: [
    "src/*.ts",
    "commands",
    "src/actions",
    "src/adapters/*",
    "src/engine",
    "src/store",
    "src/domain",
    "sandbox",
    "test",
  ],
  test: [
    "src/*.ts",
    "commands",
    "src/actions",
    "src/adapters/*",
    "src/engine",
    "src/store",
    "src/domain",
    "sandbox",
    "bench",
  ],
};

/** A package is spoken where it is listed and nowhere else in the product: replacing it is the work of one folder. */
const spokenOnlyIn: Readonly<Record<string, readonly string[]>> = {
  "@slack/": ["src/adapters/slack/"],
  "@kubernetes/": ["src/adapters/kubernetes/"],
  "@pagerduty/": ["src/adapters/pagerduty/"],
  "@dbos-inc/": ["src/engine/durable/"],
  pg: ["src/store/"],
  // The run is enqueued by DBOS' SQL function inside our own transaction.
  kysely: ["src/store/", "src/engine/durable/"],
  "@bufbuild/cel": ["src/engine/"],
  "prom-client": ["src/telemetry.ts"],
  react: ["sandbox/page/"],
  "react-dom": ["sandbox/page/"],
  vite: ["sandbox/page/"],
  "slack-blocks-to-jsx": ["sandbox/page/"],
};

/** Nouns need schemas, hashes and plain text, and nothing that does anything. */
const domainMayUse = ["zod", "node:crypto", "node:util"];

/** The catalogues; any other index file would be a barrel. */
const catalogues = ["commands/index.ts", "src/actions/index.ts"];

const readsEnvironment = ["src/config.ts"];
/** Programs: they own the clock and hand it down. */
const readsClock = ["src/main.ts", "src/cli.ts"];

/** The row that governs a file, and the folder (or file) that stands for it: `src/adapters/*` and `src/adapters/slack`. */
function place(file: string): { row: string; folder: string } | undefined {
  // Parts of src/cli.ts, and wiring like it.
  if (file.startsWith("src/cli/")) return { row: "src/*.ts", folder: "src" };
  for (const row of Object.keys(mayImport)) {
    const pattern = row.replaceAll(".", "\\.").replace("*", "[^/]+");
    const folder = new RegExp(`^(${pattern})${row.endsWith(".ts") ? "$" : "/"}`).exec(file)?.[1];
    if (folder !== undefined) return { row, folder: row.endsWith(".ts") ? dirname(folder) : folder };
  }
  return undefined;
}

interface Reading {
  imports: string[];
  reexports: boolean;
  environment: boolean;
  clock: boolean;
}

/** What a file imports in any spelling (also types, dynamic imports and `import("x").T`), and the globals it reaches for. */
function read(file: string, source: string): Reading {
  const { program, module, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const reexported = module.staticExports.flatMap((statement) =>
    statement.entries.flatMap((entry) => entry.moduleRequest?.value ?? []),
  );
  const reading: Reading = {
    imports: [...module.staticImports.map((statement) => statement.moduleRequest.value), ...reexported],
    reexports: reexported.length > 0,
    environment: false,
    clock: false,
  };
  reading.environment = reading.imports.includes("node:process");
  const isGlobal = (node: { type: string }, name: string): boolean =>
    node.type === "Identifier" && "name" in node && node.name === name;
  new Visitor({
    ImportExpression({ source: specifier }) {
      reading.imports.push(specifier.type === "Literal" ? String(specifier.value) : "(not a constant)");
    },
    TSImportType({ source: specifier }) {
      reading.imports.push(specifier.value);
    },
    MemberExpression({ object, property }) {
      if (isGlobal(object, "process") && (isGlobal(property, "env") || property.type === "Literal"))
        reading.environment = true;
      if (isGlobal(object, "Date") && isGlobal(property, "now")) reading.clock = true;
    },
    VariableDeclarator({ init }) {
      if (init && isGlobal(init, "process")) reading.environment = true;
    },
    NewExpression({ callee, arguments: given }) {
      if (isGlobal(callee, "Date") && given.length === 0) reading.clock = true;
    },
    CallExpression({ callee }) {
      if (isGlobal(callee, "Date")) reading.clock = true;
    },
  }).visit(program);
  return reading;
}

/** The layer rule. Files in no layer (package.json) may be read by all. */
function layerProblem(file: string, target: string): string | undefined {
  const from = place(file);
  const to = place(target);
  if (!from || !to || to.folder === from.folder || mayImport[from.row]?.includes(to.row)) return undefined;
  return `${file} imports ${target}: ${from.row} may not import ${to.row}`;
}

/** The rule of the packages' homes; the sandbox's page has the only ones that bind outside the product. */
function packageProblem(file: string, name: string): string | undefined {
  if (file.startsWith("src/domain/") && !domainMayUse.includes(name))
    return `${file} imports ${name}: src/domain uses ${domainMayUse.join(" and ")} only`;
  const homes = Object.entries(spokenOnlyIn).find(([spoken]) =>
    spoken.endsWith("/") ? name.startsWith(spoken) : name === spoken || name.startsWith(`${spoken}/`),
  )?.[1];
  if (!homes || homes.some((home) => file.startsWith(home))) return undefined;
  const binds = isProduct(file) || homes.some((home) => home.startsWith("sandbox/"));
  return binds ? `${file} imports ${name}: it is spoken only in ${homes.join(", ")}` : undefined;
}

function isProduct(file: string): boolean {
  return file.startsWith("src/") || file.startsWith("commands/");
}

/** Everything the tree breaks, one line each. Throws when there is nothing to look at: silence must mean something. */
function violations(sources: Sources): string[] {
  if (![...sources.keys()].some(isProduct)) throw new Error("The check sees no code");
  return [...sources].flatMap(([file, source]) => {
    if (!place(file))
      return [`${file} is in no layer: add its folder to the table in test/architecture.test.ts`];
    const { imports, reexports, environment, clock } = read(file, source);
    const name = file.split("/").at(-1) ?? "";
    return [
      ...imports.flatMap(
        (specifier) =>
          (specifier.startsWith(".")
            ? layerProblem(file, normalize(join(dirname(file), specifier)))
            : packageProblem(file, specifier)) ?? [],
      ),
      ...(/^index\.tsx?$/.test(name) && !catalogues.includes(file) ? [`${file} is a barrel`] : []),
      ...(reexports && isProduct(file) ? [`${file} exports what another file declares`] : []),
      ...(environment && isProduct(file) && !readsEnvironment.includes(file)
        ? [`${file} reads process.env`]
        : []),
      ...(clock && isProduct(file) && !readsClock.includes(file) ? [`${file} reads the clock`] : []),
    ];
  });
}

function readTree(): Sources {
  const files = globSync(["{src,commands,sandbox,test,bench}/**/*.{ts,tsx}"], {
    ignore: ["sandbox/page/dist"],
  });
  return new Map(files.map((file) => [file, readFileSync(file, "utf8")]));
}

describe("the tree", () => {
  const tree = readTree();

  test("is seen: every layer has files, and the wiring imports something", () => {
    const seen = new Set([...tree.keys()].map((file) => place(file)?.row));

    expect(Object.keys(mayImport).filter((row) => !seen.has(row) && row !== "bench")).toEqual([]);
    expect(read("src/main.ts", tree.get("src/main.ts") ?? "").imports).toContain("./config.ts");
  });

  test("keeps its layers, its packages at home, and clock and environment at the top", () => {
    expect(violations(tree)).toEqual([]);
  });
});

/** A small tree of the one file and an innocent one. */
function treeWith(file: string, source: string): Sources {
  return new Map([
    ["src/engine/innocent.ts", "export const innocent = 1;"],
    [file, source],
  ]);
}

describe("a planted violation is found:", () => {
  const planted: Record<string, readonly (readonly [file: string, source: string])[]> = {
    "may not import": [
      ["src/domain/a.ts", 'import type { A } from "../engine/a.ts";'],
      ["src/store/a.ts", 'import { a } from "../engine/a.ts";'],
      ["src/engine/a.ts", 'import { a } from "../adapters/slack/a.ts";'],
      ["src/engine/a.ts", 'type A = import("../actions/a.ts").A;'],
      ["src/adapters/slack/a.ts", 'import "../pagerduty/a.ts";'],
      ["src/actions/a.ts", 'import { a } from "../adapters/kubernetes/a.ts";'],
      ["commands/a.ts", 'const a = await import("../src/actions/a.ts");'],
      ["commands/a.ts", 'import { a } from "../src/config.ts";'],
      ["src/main.ts", 'import { a } from "../sandbox/seed.ts";'],
      ["sandbox/a.ts", 'import { a } from "../test/support/a.ts";'],
    ],
    "uses zod and node:crypto and node:util only": [
      ["src/domain/a.ts", 'import { readFileSync } from "node:fs";'],
    ],
    "it is spoken only in": [
      ["src/engine/a.ts", 'import { WebClient } from "@slack/web-api";'],
      ["src/engine/runs/runs.ts", 'import { DBOS } from "@dbos-inc/dbos-sdk";'],
      ["commands/a.ts", 'import { sql } from "kysely";'],
      ["src/engine/a.ts", 'import { a } from "pg/lib/a.js";'],
      ["sandbox/panel/a.ts", 'import { useState } from "react";'],
    ],
    "reads process.env": [
      ["src/store/a.ts", 'const a = process.env["HOME"];'],
      ["src/store/a.ts", "const { env } = process;"],
      ["src/store/a.ts", 'const a = process["env"];'],
      ["src/store/a.ts", 'import { env } from "node:process";'],
    ],
    "reads the clock": [
      ["src/engine/a.ts", "const a = new Date();"],
      ["src/actions/a.ts", "const a = Date.now();"],
    ],
    "is a barrel": [["src/engine/index.ts", "export const a = 1;"]],
    "exports what another file declares": [["src/engine/a.ts", 'export * from "./b.ts";']],
    "is in no layer": [
      ["src/ports/chat.ts", "export const a = 1;"],
      ["src/adapters/slack.ts", "export const a = 1;"],
    ],
  };

  for (const [problem, plants] of Object.entries(planted))
    test.each(plants)(`%s: %s (${problem})`, (file, source) => {
      expect(violations(treeWith(file, source))).toEqual([expect.stringContaining(problem)]);
    });

  test("no code at all", () => {
    expect(() => violations(new Map([["test/a.test.ts", ""]]))).toThrow("sees no code");
  });
});

describe("what is allowed stays allowed:", () => {
  test.each([
    ["src/main.ts", 'import "./adapters/slack/a.ts"; import "../commands/index.ts"; const a = new Date();'],
    ["src/adapters/slack/a.ts", 'import { b } from "./blocks/b.ts"; import "@slack/bolt";'],
    ["src/engine/a.ts", "const a = new Date(now().getTime() + 1000);"],
    ["src/actions/index.ts", 'import { a } from "./scale.ts"; export const actions = [a];'],
    ["test/a.test.ts", 'import "../src/engine/a.ts"; import "@slack/bolt"; const a = Date.now();'],
  ])("%s: %s", (file, source) => {
    expect(violations(treeWith(file, source))).toEqual([]);
  });
});
