/**
 * Every Web API method crai calls and the bot scope each needs (docs.slack.dev/reference/methods). manifest.yml asks for
 * these, the events' scopes and no more; a test holds the three together.
 */
export const methodScopes: Readonly<Record<string, readonly string[]>> = {
  "auth.test": [],
  "chat.getPermalink": [],
  "chat.postEphemeral": ["chat:write"],
  "chat.postMessage": ["chat:write"],
  "chat.update": ["chat:write"],
  "conversations.create": ["channels:manage", "groups:write"],
  "conversations.history": ["channels:history", "groups:history", "im:history"],
  "conversations.invite": ["channels:manage", "groups:write"],
  "conversations.join": ["channels:join"],
  "conversations.open": ["im:write"],
  "conversations.rename": ["channels:manage", "groups:write"],
  "conversations.replies": ["channels:history", "groups:history", "im:history"],
  "conversations.setPurpose": ["channels:manage", "groups:write"],
  "conversations.setTopic": ["channels:manage", "groups:write"],
  "files.completeUploadExternal": ["files:write"],
  "files.getUploadURLExternal": ["files:write"],
  "pins.add": ["pins:write"],
  "reactions.add": ["reactions:write"],
  "usergroups.users.list": ["usergroups:read"],
  "users.conversations": ["channels:read", "groups:read"],
  "users.info": ["users:read", "users:read.email"],
  "users.lookupByEmail": ["users:read", "users:read.email"],
  "views.open": [],
  "views.publish": [],
};

/** Events crai listens to, and what each needs (docs.slack.dev/reference/events). */
export const eventScopes: Readonly<Record<string, readonly string[]>> = {
  app_home_opened: [],
  app_mention: ["app_mentions:read"],
  member_joined_channel: ["channels:read", "groups:read"],
  "message.channels": ["channels:history"],
  "message.groups": ["groups:history"],
  pin_added: ["pins:read"],
  reaction_added: ["reactions:read"],
};

/** All scopes the bot token must have; `commands` is for the slash command and the shortcut. */
export const neededScopes: readonly string[] = [
  ...new Set(["commands", ...[...Object.values(methodScopes), ...Object.values(eventScopes)].flat()]),
].sort();
