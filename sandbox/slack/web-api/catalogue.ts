import { authMethods } from "./auth.ts";
import { chatMethods } from "./chat.ts";
import { conversationMethods } from "./conversations.ts";
import { fileMethods } from "./files.ts";
import { itemMethods } from "./items.ts";
import { memberMethods } from "./members.ts";
import type { ApiMethod } from "./method.ts";
import { scheduledMethods } from "./scheduled.ts";
import { userMethods } from "./users.ts";
import { viewMethods } from "./views.ts";

/** Every Web API method the workspace has; others are answered with unknown_method, as Slack does. */
export const apiMethods: ReadonlyMap<string, ApiMethod> = new Map(
  Object.entries({
    ...authMethods,
    ...chatMethods,
    ...scheduledMethods,
    ...conversationMethods,
    ...memberMethods,
    ...itemMethods,
    ...viewMethods,
    ...fileMethods,
    ...userMethods,
  }),
);
