import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Part } from "../part.ts";
import { readFiles, serveFiles } from "./serve-files.ts";

const page = dirname(fileURLToPath(import.meta.url));
const project = join(page, "..", "..");

/** The workspace's web page, to be mounted at "/". Built on the first start and after a change of its sources. */
export async function createPage(): Promise<Part> {
  const files = await readFiles(await built());
  return {
    handle: (req, res) => serveFiles(files, req, res),
    close: () => Promise.resolve(),
  };
}

/** The folder of the built page; another process may be building the same one. */
async function built(): Promise<string> {
  const cache = join(project, "node_modules", ".cache", "crai-page");
  const target = join(cache, await fingerprint());
  if (existsSync(target)) return target;

  const building = `${target}.${process.pid}`;
  await mkdir(cache, { recursive: true });
  await buildInto(building);
  try {
    await rename(building, target);
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    if (!existsSync(target)) throw new Error(`Keeping the built page in ${cache}`, { cause: error });
  }
  return target;
}

async function buildInto(outDir: string): Promise<void> {
  // Loaded only when there is something to build: vite takes longer to load than the whole second start.
  const { build } = await import("vite");
  await build({
    configFile: false,
    root: page,
    // Whoever starts the sandbox may have NODE_ENV set to something else (a test runner does), and vite would follow.
    define: { "process.env.NODE_ENV": JSON.stringify("production") },
    oxc: { jsx: { runtime: "automatic", development: false } },
    logLevel: "warn",
    build: {
      outDir,
      emptyOutDir: true,
      target: "es2023",
      // Nothing inline: the page's Content-Security-Policy allows only what comes from the same origin.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 2_000,
    },
  });
}

/** Of everything that decides how the built page looks: its sources, what they import outside, and the tools. */
async function fingerprint(): Promise<string> {
  const hash = createHash("sha256");
  const sources = await readdir(page, { recursive: true, withFileTypes: true });
  const paths = sources.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of [
    ...paths.sort(),
    join(project, "sandbox", "seed.ts"),
    join(project, "package-lock.json"),
  ]) {
    hash.update(path.slice(project.length)).update("\0");
    hash.update(await readFile(path)).update("\0");
  }
  return hash.digest("hex").slice(0, 20);
}
