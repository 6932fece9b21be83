import * as fc from "fast-check";
import { expect, it } from "vitest";
import { canonicalQuantity } from "../../../sandbox/cluster/defaults/quantity.ts";

it.each([
  ["0.5", "500m"],
  ["1000m", "1"],
  ["1024Mi", "1Gi"],
  ["1.5Gi", "1536Mi"],
  ["100m", "100m"],
  [2, "2"],
  ["1e3", "1k"],
  ["0", "0"],
  ["12E", "12E"],
  ["128974848", "128974848"],
])("writes %s as %s, as a control plane does", (given, written) => {
  expect(canonicalQuantity(given)).toBe(written);
});

it("leaves alone what is no quantity, for validation to name", () => {
  for (const text of ["", "abc", "1Q", "1.2.3", "."]) expect(canonicalQuantity(text)).toBe(text);
});

it("has one spelling for each amount: writing it again changes nothing", () => {
  const suffix = fc.constantFrom("", "m", "k", "M", "G", "Ki", "Mi", "Gi");
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 99_999 }), suffix, (number, unit) => {
      const once = canonicalQuantity(`${number}${unit}`);
      expect(canonicalQuantity(once)).toBe(once);
    }),
  );
});
