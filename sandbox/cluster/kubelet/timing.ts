/** How long things take on the practice cluster's nodes, in milliseconds. */
export interface Timing {
  /** From scheduled to Ready. */
  podStart: number;
  /** From asked to stop to gone. */
  podStop: number;
  /** First wait before a crashed container is started again; doubles up to 30 times itself. */
  crashBackOff: number;
  /** Between two attempts to pull an image or to find a missing ConfigMap or Secret. */
  pullBackOff: number;
}

export const defaultTiming: Timing = { podStart: 1000, podStop: 300, crashBackOff: 3000, pullBackOff: 3000 };
