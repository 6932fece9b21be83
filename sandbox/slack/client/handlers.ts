import type { z } from "zod";
import type { Switchboard } from "../app/switchboard.ts";
import type { ClientMethod, ClientResult, clientMethods } from "../client-api.ts";

export interface ClientContext {
  board: Switchboard;
  /** The person who acts. */
  viewer: string;
}

/** One function a method of client-api.ts, with its parsed input. */
export type ClientHandlers = {
  [M in ClientMethod]: (
    input: z.output<(typeof clientMethods)[M]["input"]>,
    context: ClientContext,
  ) => ClientResult<M> | Promise<ClientResult<M>>;
};
