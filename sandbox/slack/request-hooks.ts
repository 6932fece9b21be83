/** received: not acted on yet; stored: acted on, the answer not sent yet; answered: the answer is out. */
type RequestStage = "received" | "stored" | "answered";

export interface ObservedRequest {
  /** "chat.postMessage"; "response_url" and "upload" for those. */
  method: string;
  args: Record<string, unknown>;
  /** From `stored` on. */
  answer?: Record<string, unknown>;
}

/** "cut": go no further, close the connection without an answer (from `received`: nothing is done). */
type Verdict = "cut" | undefined | void;
type Hook = (request: ObservedRequest) => Verdict | Promise<Verdict>;

export interface RequestHooks {
  /** The workspace waits for what the hook returns. `method` "*" means every one. Returns how to take it off. */
  on(method: string, stage: RequestStage, hook: Hook): () => void;
  /** True when a hook wants the request cut. */
  reach(stage: RequestStage, request: ObservedRequest): Promise<boolean>;
}

export function createRequestHooks(): RequestHooks {
  const hooks = new Set<{ method: string; stage: RequestStage; hook: Hook }>();
  return {
    on(method, stage, hook) {
      const entry = { method, stage, hook };
      hooks.add(entry);
      return () => hooks.delete(entry);
    },
    async reach(stage, request) {
      let isCut = false;
      for (const entry of hooks) {
        const isMeant = entry.stage === stage && (entry.method === "*" || entry.method === request.method);
        if (isMeant && (await entry.hook(request)) === "cut") isCut = true;
      }
      return isCut;
    },
  };
}
