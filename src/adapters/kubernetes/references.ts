import type { JsonObject, Reference } from "../../engine/ports.ts";

/** A name a template refers to, with the keys it takes out of it. */
export interface Needed {
  kind: Reference["kind"];
  name: string;
  keys: string[];
}

interface Mention {
  kind: Reference["kind"];
  name: unknown;
  optional: unknown;
  keys: unknown[];
}

/** Where a pod template names ConfigMaps and Secrets that it cannot start without, by the field that does. */
const fields: Readonly<Record<string, (value: JsonObject) => Mention>> = {
  configMapKeyRef: ({ name, optional, key }) => ({ kind: "ConfigMap", name, optional, keys: [key] }),
  secretKeyRef: ({ name, optional, key }) => ({ kind: "Secret", name, optional, keys: [key] }),
  configMapRef: ({ name, optional }) => ({ kind: "ConfigMap", name, optional, keys: [] }),
  // In envFrom; volumes of other kinds use the same word for credentials of a driver, which are needed as well.
  secretRef: ({ name, optional }) => ({ kind: "Secret", name, optional, keys: [] }),
  configMap: ({ name, optional, items }) => ({ kind: "ConfigMap", name, optional, keys: keysOf(items) }),
  // A volume says secretName, a projected source says name.
  secret: ({ secretName, name, optional, items }) => ({
    kind: "Secret",
    name: secretName ?? name,
    optional,
    keys: keysOf(items),
  }),
};

function keysOf(items: unknown): unknown[] {
  return Array.isArray(items) ? items.map((item: { key?: unknown }) => item.key) : [];
}

function mentions(value: unknown): Mention[] {
  if (Array.isArray(value)) return value.flatMap(mentions);
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([field, inner]: [string, unknown]) => {
    const read = fields[field];
    const isReference = read !== undefined && inner !== null && typeof inner === "object";
    return isReference && !Array.isArray(inner) ? [read(inner as JsonObject)] : mentions(inner);
  });
}

/** Everything a template needs, each name once. What it calls optional is left out. */
export function neededBy(template: JsonObject): Needed[] {
  const needed = new Map<string, Needed>();
  for (const { kind, name, optional, keys } of mentions(template["spec"])) {
    if (optional === true || typeof name !== "string" || name === "") continue;
    const id = `${kind}/${name}`;
    const entry = needed.get(id) ?? { kind, name, keys: [] };
    const more = keys.filter((key): key is string => typeof key === "string" && !entry.keys.includes(key));
    needed.set(id, { ...entry, keys: [...entry.keys, ...more] });
  }
  return [...needed.values()];
}
