/** What the run that trained a version measured; its keys are MLflow's metrics. */
export interface Figures {
  auc_roc: number;
  accuracy: number;
  demographic_parity: number;
}

export interface Version {
  number: number;
  run: string;
  registeredAt: Date;
  figures: Figures;
}

/** Registered on these days before now, oldest first; the last one is in force. */
const past: { daysAgo: number; figures: Figures }[] = [
  { daysAgo: 96, figures: { auc_roc: 0.8412, accuracy: 0.7913, demographic_parity: 0.071 } },
  { daysAgo: 48, figures: { auc_roc: 0.8934, accuracy: 0.8715, demographic_parity: 0.048 } },
  { daysAgo: 20, figures: { auc_roc: 0.9107, accuracy: 0.886, demographic_parity: 0.038 } },
];
const dayMs = 24 * 3_600_000;

/** As good as the one before, and worse than the runbook allows. */
export const outcomes: Readonly<Record<"good" | "bad", Figures>> = {
  good: { auc_roc: 0.9142, accuracy: 0.8891, demographic_parity: 0.035 },
  bad: { auc_roc: 0.8017, accuracy: 0.7624, demographic_parity: 0.127 },
};

/** The one registered model of the practice organization, with what was in force when. */
export function createModels(name: string, alias: string) {
  const versions: Version[] = [];
  const inForce: { at: Date; version: number }[] = [];

  function register(figures: Figures, registeredAt = new Date()): Version {
    const number = versions.length + 1;
    const run = `${String(number).padStart(2, "0")}c4a7e0f1b24d5e8f9a3b6c7d8e9f0a`;
    const version = { number, run, registeredAt, figures };
    versions.push(version);
    return version;
  }

  function put(version: number, at = new Date()): void {
    inForce.push({ at, version });
  }

  for (const { daysAgo, figures } of past) register(figures, new Date(Date.now() - daysAgo * dayMs));
  put(versions.length, new Date(0));

  return {
    name,
    alias,
    versions: versions as readonly Version[],
    register,
    put,
    find: (number: number): Version | undefined => versions[number - 1],
    /** How often the alias was set. */
    changes: (): number => inForce.length - 1,
    current: (): number => inForce.at(-1)!.version,
    /** What somebody loaded who asked at that moment. Pods tell whole seconds only. */
    at(moment: Date): Version {
      const second = (date: Date): number => Math.floor(date.getTime() / 1000);
      const held = inForce.findLast(({ at }) => second(at) <= second(moment)) ?? inForce[0]!;
      return versions[held.version - 1]!;
    },
  };
}
export type Models = ReturnType<typeof createModels>;
