/** Rejects when no answer came within `ms`; what is asked goes on by itself, and nobody waits for it any more. */
export async function within<Value>(ms: number, who: string, answer: Promise<Value>): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new NoAnswer(`${who} gave no answer within ${ms / 1000} s`)), ms);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}
