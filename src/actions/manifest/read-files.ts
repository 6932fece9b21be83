import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isAlias, LineCounter, parseAllDocuments, visit } from "yaml";
import { z } from "zod";
import type { Manifests } from "../../domain/manifests.ts";
import { UserError } from "../../domain/errors.ts";
import type { JsonObject } from "../../engine/ports.ts";

/** A file of the configured folder: a path that cannot leave it. */
export const ManifestFile = z
  .string()
  .regex(/^\w[\w.-]*(\/\w[\w.-]*)*\.(ya?ml|json)$/, "a .yaml, .yml or .json file of `manifests.directory`");

const Manifest = z.looseObject({
  apiVersion: z.string().regex(/^([a-z0-9.-]+\/)?v\w+$/, "an API version"),
  kind: z.string().regex(/^[A-Z]\w*$/, "a kind"),
  metadata: z.looseObject({
    name: z.string().regex(/^[a-z0-9]([-a-z0-9.:]{0,251}[a-z0-9])?$/, "a Kubernetes name"),
    namespace: z
      .string()
      .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "a namespace")
      .optional(),
  }),
});

export interface Manifest {
  file: string;
  kind: string;
  apiVersion: string;
  name: string;
  /** As the file says; null: it says none. */
  namespace: string | null;
  object: JsonObject;
}

function unreadable(file: string, why: string): UserError {
  return new UserError(`${file} is no manifest that can be applied`, {
    why,
    next: "Correct the file; nothing was applied.",
  });
}

function sourceOf(file: string, { directory }: Manifests): string {
  try {
    return readFileSync(join(directory, file), "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    throw new UserError(`There is no manifest ${file} in ${directory}`, {
      why: `It has ${filesIn(directory).join(", ") || "no manifests"}.`,
      next: "Add the file, or correct `manifests.directory` in crai.yaml or the playbook's `files`.",
      cause,
    });
  }
}

/** Names of the manifests of a folder; none where there is no such folder. */
export function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => ManifestFile.safeParse(name).success);
  } catch {
    // Said above all the same: there is no such folder.
    return [];
  }
}

/** YAML 1.1 as kubectl reads it (`0644` is octal, `yes` is true), without the types that JSON has not. */
function parse(source: string, lineCounter: LineCounter) {
  return parseAllDocuments(source, {
    version: "1.1",
    lineCounter,
    prettyErrors: false,
    customTags: (tags) =>
      tags.filter(
        (tag) =>
          typeof tag === "string" ||
          !(
            (tag as { format?: string }).format === "TIME" ||
            /:(timestamp|set|omap|pairs|binary)$/.test(tag.tag)
          ),
      ),
  });
}

/** Documents as plain values; of a List its items. */
function documentsOf(file: string, source: string): unknown[] {
  const lines = new LineCounter();
  const documents = parse(source, lines);
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0]);
      throw unreadable(file, `${file}:${line}:${col} ${error.message}`);
    }
    let aliases = 0;
    visit(document, (_, node) => void (isAlias(node) && aliases++));
    if (aliases > mostAliases) throw unreadable(file, `It has more than ${mostAliases} aliases.`);
    const value: unknown = document.toJS();
    if (value === null || value === undefined) return [];
    const items = (value as { kind?: unknown; items?: unknown }).items;
    return (value as { kind?: unknown }).kind === "List" && Array.isArray(items) ? items : [value];
  });
}

/** Aliases may name each other: a few lines could become gigabytes. */
const mostAliases = 50;

function manifestOf(file: string, document: unknown): Manifest {
  const read = Manifest.safeParse(document);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw unreadable(file, `${issue?.path.join(".") || "A document"}: ${issue?.message}.`);
  }
  const { apiVersion, kind, metadata } = read.data;
  return {
    file,
    apiVersion,
    kind,
    name: metadata.name,
    namespace: metadata.namespace ?? null,
    object: read.data as unknown as JsonObject,
  };
}

/** The objects of these files, in the order of the files. Throws a UserError for what cannot be read. */
export function readManifests(files: readonly string[], manifests: Manifests | undefined): Manifest[] {
  if (manifests === undefined)
    throw new UserError("crai knows no manifests.", {
      why: "crai.yaml has no `manifests.directory`.",
      next: "Name there the folder of the YAML files that are to be applied.",
    });
  const all = files.flatMap((file) =>
    documentsOf(file, sourceOf(file, manifests)).map((document) => manifestOf(file, document)),
  );
  const seen = new Map<string, Manifest>();
  for (const manifest of all) {
    const key = [manifest.apiVersion, manifest.kind, manifest.namespace, manifest.name].join(" ");
    const twice = seen.get(key);
    if (twice)
      throw unreadable(manifest.file, `${manifest.kind} ${manifest.name} is in ${twice.file} already.`);
    seen.set(key, manifest);
  }
  if (all.length === 0) throw unreadable(files.join(", "), "There is no object in it.");
  return all;
}
