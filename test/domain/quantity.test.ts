import { expect, test } from "vitest";
import { quantityOf } from "../../src/domain/quantity.ts";

test.each([
  ["0", 0],
  ["500m", 0.5],
  ["2", 2],
  ["1.5", 1.5],
  [".5", 0.5],
  ["1Gi", 2 ** 30],
  ["512Mi", 512 * 2 ** 20],
  ["2G", 2e9],
  ["1e3", 1000],
  ["1E", 1e18],
])("%s is %d", (text, amount) => {
  expect(quantityOf(text)).toBeCloseTo(amount, 9);
});

test.each(["", "Gi", "1 Gi", "1Xi", "one", "1Gii", "0x10", "constructor"])("%o is no amount", (text) => {
  expect(quantityOf(text)).toBeNull();
});
