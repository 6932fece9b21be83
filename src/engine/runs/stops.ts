/** Wakes the waiting steps of this process: their run was asked to stop, or a person has answered. */
export interface Stops {
  ask(run: number): void;
  signal(run: number): AbortSignal;
}

export function createStops(): Stops {
  const controllers = new Map<number, AbortController>();

  function controllerOf(run: number): AbortController {
    const known = controllers.get(run);
    if (known) return known;
    const made = new AbortController();
    controllers.set(run, made);
    return made;
  }

  return {
    ask: (run) => {
      controllerOf(run).abort();
      // Whoever waits after this looks at the row first; the entry is not needed any more.
      controllers.delete(run);
    },
    signal: (run) => controllerOf(run).signal,
  };
}
