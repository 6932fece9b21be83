import fastJsonPatch from "fast-json-patch";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonPatch } from "../../../sandbox/cluster/patch/json-patch.ts";
import { mergePatch } from "../../../sandbox/cluster/patch/merge-patch.ts";
import { strategicMerge } from "../../../sandbox/cluster/patch/strategic-merge.ts";

const key = fc.constantFrom("a", "b", "c", "a/b", "m~n");
const { record } = fc.letrec<{ document: unknown; record: Record<string, unknown> }>((tie) => ({
  document: fc.oneof(
    { depthSize: "small" },
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.array(tie("document"), { maxLength: 3 }),
    tie("record"),
  ),
  record: fc.dictionary(key, tie("document"), { maxKeys: 4 }),
}));

describe("JSON Patch", () => {
  it("turns any document into any other by the difference between them", () => {
    fc.assert(
      fc.property(record, record, (from, to) => {
        const before = structuredClone(from);
        expect(jsonPatch(from, fastJsonPatch.compare(from, to))).toEqual(to);
        expect(from).toEqual(before);
      }),
    );
  });

  it.each([
    ["a failed test", { op: "test", path: "/a", value: 2 }],
    ["removing what is not there", { op: "remove", path: "/b" }],
    ["a parent that is not there", { op: "replace", path: "/b/c", value: 1 }],
    ["an index outside the list", { op: "add", path: "/list/7", value: 1 }],
    ["an unknown operation", { op: "frob", path: "/a" }],
    ["something that is no operation", 7],
  ])("refuses %s with 422", (_name, operation) => {
    const apply = () => jsonPatch({ a: 1, list: [] }, [operation]);
    expect(apply).toThrow("the server rejected our request due to an error in our request");
  });

  it("adds by replace where the parent exists, as kubectl's undo of unannotated objects relies on", () => {
    const operation = { op: "replace", path: "/metadata/annotations", value: { a: "b" } };
    expect(jsonPatch({ metadata: {} }, [operation])).toEqual({ metadata: { annotations: { a: "b" } } });
  });
});

describe("merge patch", () => {
  /** The patch that leads from one object to another: RFC 7386 read backwards. */
  function difference(from: unknown, to: unknown): unknown {
    if (!isObject(from) || !isObject(to)) return to;
    const gone = Object.keys(from).filter((name) => !Object.hasOwn(to, name));
    const kept = Object.entries(to).map(([name, value]) => [name, difference(from[name], value)]);
    return Object.fromEntries([...gone.map((name) => [name, null]), ...kept]) as unknown;
  }
  function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
  }

  it("turns any object into any other, and a second time changes nothing", () => {
    fc.assert(
      fc.property(record, record, (from, to) => {
        const patch = difference(from, to);
        const once = mergePatch(from, patch);
        expect(once).toEqual(to);
        expect(mergePatch(once, patch)).toEqual(once);
      }),
    );
  });

  it("replaces lists as a whole and never touches its arguments", () => {
    const target = { list: [1, 2], keep: { x: 1 } };
    const patch = { list: [3] };
    expect(mergePatch(target, patch)).toEqual({ list: [3], keep: { x: 1 } });
    expect(target).toEqual({ list: [1, 2], keep: { x: 1 } });
  });

  it("treats __proto__ as a name like any other", () => {
    const patch = JSON.parse('{"__proto__":{"polluted":true}}') as unknown;
    mergePatch({}, patch);
    strategicMerge({}, patch as Record<string, unknown>);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

type Container = { name: string; image: string; env?: { name: string; value: string }[] };

function podSpec(...containers: Container[]) {
  return { spec: { containers } };
}

describe("strategic merge patch", () => {
  const names = fc.uniqueArray(fc.constantFrom<string[]>("a", "b", "c", "d"), { maxLength: 4 });
  const images = fc.constantFrom("v1", "v2", "v3");
  const containers = names.chain((list) =>
    fc
      .tuple(...list.map((name) => images.map((image) => ({ name, image }))))
      .map((all) => all as Container[]),
  );

  it("merges containers by name: those it names change, the others stay, none is doubled", () => {
    fc.assert(
      fc.property(containers, containers, (before, patch) => {
        const after = strategicMerge(podSpec(...before), podSpec(...patch)) as ReturnType<typeof podSpec>;
        const images = new Map(after.spec.containers.map((one) => [one.name, one.image]));
        expect(images.size).toBe(after.spec.containers.length);
        expect(images).toEqual(new Map([...before, ...patch].map((one) => [one.name, one.image])));
        expect(strategicMerge(after, podSpec(...patch))).toEqual(after);
      }),
    );
  });

  it("puts the items that $setElementOrder names in its order", () => {
    fc.assert(
      fc.property(containers, names, (before, order) => {
        const patch = { spec: { "$setElementOrder/containers": order.map((name) => ({ name })) } };
        const after = strategicMerge(podSpec(...before), patch) as ReturnType<typeof podSpec>;
        const result = after.spec.containers.map((one) => one.name);
        const named = result.filter((name) => order.includes(name));
        expect(named).toEqual(order.filter((name) => before.some((one) => one.name === name)));
        expect(result.toSorted()).toEqual(before.map((one) => one.name).toSorted());
      }),
    );
  });

  const web: Container = { name: "web", image: "v1", env: [{ name: "A", value: "1" }] };

  it.each([
    ["deletes an item", { name: "A", $patch: "delete" }, []],
    ["adds an item in front", { name: "B", value: "2" }, [{ name: "B", value: "2" }, web.env![0]]],
    ["changes an item", { name: "A", value: "9" }, [{ name: "A", value: "9" }]],
  ])("%s of a list inside an item of a list", (_name, item, expected) => {
    const patch = { spec: { containers: [{ name: "web", env: [item] }] } };
    const after = strategicMerge(podSpec(web), patch) as ReturnType<typeof podSpec>;
    expect(after.spec.containers[0]!.env).toEqual(expected);
  });

  it("replaces a template as a whole, as a rollback of a StatefulSet does", () => {
    const target = {
      spec: { template: { metadata: { labels: { a: "1" } }, spec: { containers: [web] } }, replicas: 2 },
    };
    const template = { $patch: "replace", spec: { containers: [{ name: "other", image: "v0" }] } };
    expect(strategicMerge(target, { spec: { template } })).toEqual({
      spec: { template: { spec: { containers: [{ name: "other", image: "v0" }] } }, replicas: 2 },
    });
  });

  it("keeps only what $retainKeys names, so that a volume has one source", () => {
    const target = { spec: { volumes: [{ name: "v", configMap: { name: "c" } }] } };
    const volume = { name: "v", $retainKeys: ["name", "emptyDir"], emptyDir: {} };
    expect(strategicMerge(target, { spec: { volumes: [volume] } })).toEqual({
      spec: { volumes: [{ name: "v", emptyDir: {} }] },
    });
  });

  it("adds to and takes from sets of plain values", () => {
    const target = { metadata: { finalizers: ["a", "b"] } };
    expect(strategicMerge(target, { metadata: { finalizers: ["c"] } })).toEqual({
      metadata: { finalizers: ["c", "a", "b"] },
    });
    expect(strategicMerge(target, { metadata: { "$deleteFromPrimitiveList/finalizers": ["a"] } })).toEqual({
      metadata: { finalizers: ["b"] },
    });
  });

  it("replaces lists without a key: tolerations and commands", () => {
    const target = { spec: { tolerations: [{ key: "a" }, { key: "b" }] } };
    expect(strategicMerge(target, { spec: { tolerations: [{ key: "c" }] } })).toEqual({
      spec: { tolerations: [{ key: "c" }] },
    });
  });

  it("says which key an item lacks and which directive it does not know", () => {
    expect(() => strategicMerge(podSpec(web), { spec: { containers: [{ image: "x" }] } })).toThrow(
      "map: map[image:x] does not contain declared merge key: name",
    );
    expect(() => strategicMerge(podSpec(web), { spec: { $patch: "frob" } })).toThrow(
      "unknown patch type: frob",
    );
  });
});
