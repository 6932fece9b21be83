import { vi } from "vitest";

/**
 * ms that a test polls before it fails, where it names no other: vitest's one second is less than a busy machine now
 * and then stands still. What is polled for ends the wait, so a passing test takes no longer.
 */
const patience = 20_000;

const { waitFor, waitUntil } = vi;
vi.waitFor = (check, options = {}) =>
  waitFor(check, typeof options === "number" ? options : { timeout: patience, ...options });
vi.waitUntil = (check, options = {}) =>
  waitUntil(check, typeof options === "number" ? options : { timeout: patience, ...options });
