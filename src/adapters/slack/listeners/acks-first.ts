/** ms. Under a steady stream of commands the work on the first ones begins all the same. */
const longestHold = 50;

/**
 * Acknowledgments come before the work they acknowledge: while others still wait for theirs, the work of a burst of
 * commands would make them late, and Slack does not repeat a command it calls timed out.
 */
export function acksFirst(wake: () => void): (take: () => Promise<void>) => Promise<void> {
  let waiting = 0;
  let timer: NodeJS.Timeout | undefined;

  function begin(): void {
    clearTimeout(timer);
    timer = undefined;
    wake();
  }

  return async (take) => {
    waiting += 1;
    try {
      await take();
    } finally {
      waiting -= 1;
      if (waiting === 0) begin();
      else timer ??= setTimeout(begin, longestHold);
    }
  };
}
