import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { teamRoles } from "../sandbox/cluster/seed/roles.ts";
import { cluster } from "../sandbox/seed.ts";
import { readConfig } from "../src/config.ts";

interface Rule {
  apiGroups: string[];
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

/** `apps/deployments patch`, for everything that is bound to a group. */
function rightsOf(group: string, all: readonly Manifest[]): Set<string> {
  const bound = all
    .filter(({ subjects }) => subjects?.some(({ kind, name }) => kind === "Group" && name === group))
    .map(({ roleRef }) => roleRef?.name);
  const rules = all
    .filter(({ metadata, rules: own }) => own && bound.includes(metadata.name))
    .flatMap((role) => role.rules ?? []);
  return new Set(
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((api) =>
        resources.flatMap((resource) => verbs.map((verb) => `${api}/${resource} ${verb}`)),
      ),
    ),
  );
}

test.each(["sre", "sre-leads", "crai:observers"])(
  "deploy/rbac.yaml lets %s do all that the same team does in the sandbox's stories",
  (group) => {
    const practice = teamRoles([cluster.namespace]).map(({ object }) => object as unknown as Manifest);
    const wanted = rightsOf(group, practice);
    const given = rightsOf(group, manifests);

    expect(wanted.size).toBeGreaterThan(20);
    expect([...wanted].filter((right) => !given.has(right))).toEqual([]);
  },
);
