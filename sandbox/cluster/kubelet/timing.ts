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
  /** First wait before a Job's failed pod is replaced; doubles up to 36 times itself. Kubernetes waits 10 s. */
  jobBackOff: number;
  /** Share of its pretended duration that a Job's program really takes. */
  programPace: number;
  /** Between two looks of the horizontal pod autoscaler. */
  autoscaleEvery: number;
}

export const defaultTiming: Timing = {
  podStart: 1000,
  podStop: 300,
  crashBackOff: 3000,
  pullBackOff: 3000,
  jobBackOff: 2000,
  programPace: 1,
  autoscaleEvery: 15_000,
};
