import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { globSync } from "tinyglobby";
import { expect, test } from "vitest";
import { commands } from "../commands/index.ts";

const root = new URL("../", import.meta.url).pathname;
const pages = globSync(["*.md", "docs/**/*.md"], { cwd: root });

function read(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

/** Headings as GitHub makes anchors of them. */
function anchors(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** Links of a page that lead to nothing in the repository. */
function brokenLinks(page: string): string[] {
  const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? page : join(dirname(page), path);
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && !anchors(target).includes(anchor);
  });
}

test.each(pages)("the links of %s lead somewhere", (page) => {
  expect(brokenLinks(page)).toEqual([]);
});

/** Paths of the tree that a page names; `<name>` and `*` stand for many. */
function vanished(page: string): string[] {
  const paths = [
    ...read(page).matchAll(/`((?:src|test|sandbox|commands|playbooks|docs|deploy|schema|bench)\/[^`\s]*)`/g),
  ];
  return paths
    .map(([, path = ""]) => path)
    .filter((path) => !/[*<]/.test(path) && !existsSync(join(root, path)));
}

test.each(pages)("the files that %s names are there", (page) => {
  expect(vanished(page)).toEqual([]);
});

test("README is among the pages, and its two commands are scripts that exist", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const named = [...read("README.md").matchAll(/npm (?:run )?(start|test|sandbox|bench|crai)\b/g)].map(
    ([, name]) => name,
  );

  expect(pages).toContain("README.md");
  expect(new Set(named)).toEqual(new Set(["start", "test", "sandbox", "bench", "crai"]));
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
});

test("CHANGELOG names every command", () => {
  const text = read("CHANGELOG.md");

  expect(commands.map(({ name }) => name).filter((name) => !text.includes(name))).toEqual([]);
});
