import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { readConfig } from "../src/config.ts";

interface Rule {
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

interface Manifest {
  kind: string;
  metadata: { name: string };
  rules?: Rule[];
  roleRef?: { name: string };
  subjects?: { kind: string; name: string }[];
}

const root = new URL("../", import.meta.url).pathname;
const manifests = parseAllDocuments(readFileSync(`${root}deploy/rbac.yaml`, "utf8")).map(
  (document) => document.toJS() as Manifest,
);

/** Every rule that is bound to crai's own service account. */
function rulesOfCrai(): Rule[] {
  const bound = manifests
    .filter(({ subjects }) =>
      subjects?.some(({ kind, name }) => kind === "ServiceAccount" && name === "crai"),
    )
    .map(({ roleRef }) => roleRef?.name);
  return manifests
    .filter(({ metadata, rules }) => rules && bound.includes(metadata.name))
    .flatMap((role) => role.rules ?? []);
}

test("deploy/rbac.yaml lets crai impersonate exactly whom crai.example.yaml names, and nothing else", () => {
  const identities = Object.values(readConfig(`${root}crai.example.yaml`).access.identities);
  const rules = rulesOfCrai();

  expect(rules.map(({ resources, verbs }) => ({ resources, verbs }))).toEqual([
    { resources: ["users"], verbs: ["impersonate"] },
    { resources: ["groups"], verbs: ["impersonate"] },
  ]);
  expect(new Set(rules[0]?.resourceNames)).toEqual(new Set(identities.map(({ user }) => user)));
  expect(new Set(rules[1]?.resourceNames)).toEqual(new Set(identities.flatMap(({ groups }) => groups)));
});
