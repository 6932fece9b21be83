import { StatusError } from "../status.ts";

export interface WorkQueue {
  add: (key: string) => void;
  /** Adds the key once the milliseconds have passed; an earlier time already set for the key wins. */
  addAfter: (key: string, ms: number) => void;
  close: () => void;
}

const retryDelay = { first: 50, most: 5_000 };

/**
 * Reconciles one key after another, each at most once at a time and never inside the store's own event: the caller
 * that changed an object gets its answer before anything follows from the change. A key that fails is tried again
 * with growing delay, and the failure is said.
 */
export function createWorkQueue(name: string, reconcile: (key: string) => void): WorkQueue {
  const waiting = new Set<string>();
  const timers = new Map<string, { timer: NodeJS.Timeout; due: number }>();
  const failures = new Map<string, number>();
  let draining = false;
  let closed = false;

  function drain(): void {
    for (const key of waiting) {
      waiting.delete(key);
      if (closed) return;
      try {
        reconcile(key);
        failures.delete(key);
      } catch (error) {
        const tries = failures.get(key) ?? 0;
        failures.set(key, tries + 1);
        // A refusal is part of what is practiced, and its event tells it.
        if (tries === 0 && !(error instanceof StatusError))
          console.error(`practice cluster: ${name} could not reconcile ${key}; trying again`, error);
        addAfter(key, Math.min(retryDelay.first * 2 ** tries, retryDelay.most));
      }
    }
    draining = false;
  }

  function add(key: string): void {
    if (closed) return;
    waiting.add(key);
    if (draining) return;
    draining = true;
    queueMicrotask(drain);
  }

  function addAfter(key: string, ms: number): void {
    if (closed) return;
    const due = performance.now() + ms;
    const set = timers.get(key);
    if (set && set.due <= due) return;
    if (set) clearTimeout(set.timer);
    const timer = setTimeout(() => {
      timers.delete(key);
      add(key);
    }, ms);
    timer.unref();
    timers.set(key, { timer, due });
  }

  function close(): void {
    closed = true;
    waiting.clear();
    for (const { timer } of timers.values()) clearTimeout(timer);
    timers.clear();
  }

  return { add, addAfter, close };
}
