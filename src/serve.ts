import { commands } from "../commands/index.ts";
import { alertmanagerWebhook } from "./adapters/alertmanager/webhook.ts";
import { grafanaWebhook } from "./adapters/grafana/webhook.ts";
import { createClusters } from "./adapters/kubernetes/clusters.ts";
import { createPagerClient, type PagerClient, type PagerClientOptions } from "./adapters/pagerduty/client.ts";
import { startPagerDelivery } from "./adapters/pagerduty/delivery.ts";
import { createPager } from "./adapters/pagerduty/pager.ts";
import { pagerdutyWebhook } from "./adapters/pagerduty/webhook.ts";
import { createSlack } from "./adapters/slack/slack.ts";
import type { Clock } from "./domain/clock.ts";
import { IncidentStatus } from "./domain/incident.ts";
import type { PagerEvent } from "./domain/pager-event.ts";
import { createAlerts } from "./engine/alerts/alerts.ts";
import { createAnswerer } from "./engine/commands/answer.ts";
import { createDispatch } from "./engine/commands/dispatch.ts";
import { enqueueRun, startDurable } from "./engine/durable/run-workflow.ts";
import { createClosedChannels } from "./engine/incidents/closed-channels.ts";
import { createGather } from "./engine/incidents/gather.ts";
import { turnOf } from "./engine/commands/turn.ts";
import { homeView } from "./engine/commands/home-view.ts";
import { type SlackDelivery, startInbox } from "./engine/inbox.ts";
import { startObserver } from "./engine/observe-health.ts";
import { createOffer } from "./engine/plans/offer.ts";
import { createStillFiring } from "./engine/incidents/still-firing.ts";
import { createReadingsTaker } from "./engine/incidents/readings.ts";
import { createPins } from "./engine/incidents/pins.ts";
import { createPagerEvents } from "./engine/alerts/pager-events.ts";
import { createDaily } from "./engine/daily.ts";
import { createSilence } from "./engine/alerts/silence.ts";
import { createTakeDeliveries } from "./engine/alerts/take-deliveries.ts";
import { keepRoster } from "./engine/roster.ts";
import { createRetention } from "./engine/retention.ts";
import { createRot } from "./engine/rot/rot.ts";
import { createSchedules } from "./engine/schedules/schedules.ts";
import { createSuspects } from "./engine/runs/suspects.ts";
import { createCliSweep } from "./engine/runs/sweep-cli-runs.ts";
import { startTicker } from "./engine/ticker.ts";
import { watchPlaybooks } from "./engine/playbooks/watch-playbooks.ts";
import { openRecord, type OpeningRecord } from "./open-record.ts";
import { createWebServer, listen } from "./server.ts";
import { setDeadline } from "./store/deadlines.ts";
import { recordEndpoint } from "./store/endpoints.ts";
import { isHeld } from "./store/terminals.ts";
import { createWebhookLog } from "./store/webhooks.ts";
import { createTelemetry } from "./telemetry.ts";
import { version } from "./version.ts";
import { wireEngine } from "./wire-engine.ts";

export interface Serving extends Omit<OpeningRecord, "onWake"> {
  now: Clock;
}

/** ms that PagerDuty has for an answer that somebody waits for; what is written may take longer. */
const READ_DEADLINE = 3000;

/** crai.yaml, the adapters, the engine and the listeners, in this order. */
export async function serve({ settings, log, endings, fail, lost, now }: Serving): Promise<void> {
  const { config, secrets } = settings;
  const wakes = { inbox: (): void => undefined, slack: (): void => undefined, pager: (): void => undefined };
  const wakeOutbox = (): void => {
    wakes.slack();
    wakes.pager();
  };
  const record = await openRecord({ settings, log, endings, fail, lost, onWake: () => wakeOutbox() });
  if (!record) return;
  const { db, url } = record;

  const slack = createSlack({
    settings: {
      botToken: secrets.slackBotToken,
      appToken: secrets.slackAppToken,
      signingSecret: secrets.slackSigningSecret,
      apiUrl: settings.slackApiUrl,
      command: config.slack.command,
    },
    db,
    now,
    log,
    wake: () => wakes.inbox(),
  });
  const telemetry = createTelemetry({ db, version, isSlackConnected: () => slack.state().connected, now });
  // From here on an alert is kept, whatever else does not answer yet.
  let state: "starting" | "up" | "ending" = "starting";
  const server = createWebServer({
    db,
    webhooks: [
      pagerdutyWebhook(secrets.pagerdutyWebhookSecrets),
      alertmanagerWebhook(secrets.alertmanagerToken),
      grafanaWebhook(secrets.grafanaToken),
    ],
    seen: createWebhookLog(db, (err) => log.warn({ err }, "webhook news not written")),
    slack: slack.http,
    notReady: () => [
      ...(state === "up" ? [] : [`crai is ${state}`]),
      ...(slack.state().connected ? [] : ["Slack is not connected"]),
    ],
    telemetry,
    wakeInbox: () => wakes.inbox(),
    now,
    log,
  });
  await listen(server, settings);
  endings.push(() => new Promise((resolve) => server.close(resolve)));

  const pagerClient = (given: PagerClientOptions): PagerClient =>
    telemetry.watchPager(createPagerClient(given));
  const pagerSettings =
    secrets.pagerdutyToken === null ? null : { token: secrets.pagerdutyToken, url: settings.pagerdutyApiUrl };
  const clusters = createClusters({
    kubeconfig: settings.kubeconfig,
    clusters: config.clusters,
    identities: config.access.identities,
    version,
    log,
  });
  for (const name of clusters.names()) await recordEndpoint(db, name, clusters.endpoint(name), now());
  const engine = await wireEngine({
    db,
    config,
    playbooks: settings.playbooks,
    clusters,
    directory: slack.directory,
    pager: pagerSettings && createPager(pagerClient({ ...pagerSettings, timeout: READ_DEADLINE })),
    chat: slack.chat,
    registryToken: secrets.mlflowToken,
    executor: async (trx, { number }) => ((await isHeld(trx, number)) ? "cli" : "serve"),
    enqueue: enqueueRun,
    wakeOutbox,
    keepsRoster: true,
    warn: (text) => log.warn(text),
    log,
    now,
  });
  const { uses, runs, escalations, assignments, metrics } = engine;

  const durable = await startDurable({ db, url, runs, log });
  endings.push(() => durable.stop());

  const offer = createOffer({
    db,
    planner: uses.planner,
    playbooks: uses.playbooks,
    incidents: uses.incidents,
    startAlone: engine.startAlone,
    log,
    now,
  });
  const alerts = createAlerts({
    db,
    config,
    incidents: uses.incidents,
    wakeOutbox,
    now,
    log,
  });
  const pagerEvents = createPagerEvents({ db, alerts, incidents: uses.incidents, escalations, now });
  const answer = createAnswerer({
    db,
    dispatch: telemetry.watchCommands(
      commands.map(({ name }) => name),
      createDispatch({ commands, uses, now, log }),
    ),
    wakeOutbox,
    directory: slack.directory,
    now,
  });
  const takeAlerts = createTakeDeliveries({ db, alerts, now });
  const pins = createPins({
    db,
    chat: slack.chat,
    directory: slack.directory,
    authorizer: uses.authorizer,
    wakeOutbox,
    now,
    log,
  });
  const { announce, command } = config.slack;
  const closedChannel = createClosedChannels({ db, announce, command, wakeOutbox, now });
  const inbox = startInbox({
    db,
    log,
    now,
    turnOf: (delivery) => turnOf(delivery, commands),
    handlers: {
      alertmanager: takeAlerts,
      grafana: takeAlerts,
      pagerduty: async (rows) => {
        for (const { body } of rows) await pagerEvents.follow((body as { event: PagerEvent }).event);
      },
      slack: async (rows) => {
        for (const { body, key, received_at: at } of rows) {
          const delivery = body as SlackDelivery;
          if (delivery.kind === "invocation") await answer(delivery, at);
          if (delivery.kind === "message.pinned") await pins.pinned(delivery);
          if (delivery.kind === "message.changed") await pins.changed(delivery, key);
          if (delivery.kind === "channel.closed") await closedChannel(delivery, key);
          if (delivery.kind === "home.opened")
            await slack.publishHome(delivery.by.id, await homeView(uses, delivery.by));
        }
      },
    },
  });
  endings.push(() => inbox.stop());
  wakes.inbox = inbox.wake;

  if (pagerSettings) {
    const delivery = startPagerDelivery({
      db,
      client: pagerClient(pagerSettings),
      directory: slack.directory,
      serviceUser: null,
      onPaged: (dedupKey, why) => escalations.paged(dedupKey, why),
      now,
      log,
    });
    endings.push(() => delivery.stop());
    wakes.pager = delivery.wake;
  }
  const { retention: kept } = config;
  const retention = createRetention({ db, kept, forgetWorkflows: durable.forget, log, now });
  await retention.begin();
  const gather = createGather({
    db,
    config,
    roster: uses.roster,
    authorizer: uses.authorizer,
    directory: slack.directory,
    wakeOutbox,
    now,
    log,
  });
  const rosterKeeper = keepRoster(uses.roster, config, log);
  endings.push(() => rosterKeeper.stop());
  const sweep = createCliSweep({ db, runs, now });
  const stillFiring = createStillFiring({ db, wakeOutbox, now });
  const silence = createSilence({
    db,
    config,
    pager: uses.pager,
    incidents: uses.incidents,
    endOfPager: (incident) => pagerEvents.end(incident),
    warn: (row) => alerts.warn(row),
    now,
    log,
  });
  const suspects = createSuspects({ db, config, clusters, wakeOutbox, now, log });
  const takeReadings = createReadingsTaker({ db, readings: uses.readings, now });
  const daily = createDaily({ db, config, playbooks: uses.playbooks, wakeOutbox, now });
  await daily.set();
  await setDeadline(db, { key: "alerts:silence", kind: "alerts.silence", subject: {}, dueAt: now() });
  const schedules = createSchedules({
    db,
    config,
    playbooks: uses.playbooks,
    actions: engine.actions,
    planner: uses.planner,
    startAlone: engine.startAlone,
    wakeOutbox,
    log,
    now,
  });
  await schedules.set();
  const rot = createRot({
    db,
    config,
    playbooks: uses.playbooks,
    planner: uses.planner,
    wakeOutbox,
    log,
    now,
  });
  await rot.set();
  const ticker = startTicker({
    db,
    every: 250,
    log,
    now,
    handlers: {
      "plan.expires": async ({ plan }) => {
        if (await uses.approvals.expire(Number(plan))) await uses.planMessages.refresh(Number(plan));
        return undefined;
      },
      "plan.glass": async ({ plan }) => {
        await uses.planMessages.refresh(Number(plan));
        return undefined;
      },
      retention: () => retention.sweep(),
      "pin.read": (subject) => pins.readAgain(subject),
      "run.terminal": (subject) => sweep.look(subject),
      "incident.offer": (subject) => offer(subject),
      "incident.firing": ({ incident, status }) =>
        stillFiring(Number(incident), IncidentStatus.parse(status)),
      "alerts.silence": () => silence(),
      "step.overdue": async ({ run, step, ms }) => {
        await runs.remind(Number(run), String(step), Number(ms));
        return undefined;
      },
      "run.suspects": ({ run }) => suspects(Number(run)),
      "incident.readings": ({ incident }) => takeReadings(Number(incident)),
      "incident.escalation": ({ incident }) => escalations.begin(Number(incident)),
      "alert.assign": ({ alert }) => assignments.due(Number(alert)),
      "escalation.due": ({ incident, call }) => escalations.due(Number(incident), Number(call)),
      ...daily.handlers,
      ...schedules.handlers,
      ...rot.handlers,
      "incident.gather": async ({ incident }) => gather(Number(incident)),
    },
  });
  endings.push(() => ticker.stop());
  const watcher = watchPlaybooks({
    folder: settings.playbooks,
    reload: () => {
      engine.reloadPlaybooks();
      schedules.set().catch((err: unknown) => log.error({ err }, "schedules not set anew"));
    },
    log,
  });
  endings.push(() => Promise.resolve(watcher.stop()));
  const observer = startObserver({ db, config, clusters, metrics, log, now });
  endings.push(() => observer.stop());

  endings.push(() => slack.stop());
  await slack.start();
  wakes.slack = () => slack.delivery.wake();
  slack.delivery.start();
  inbox.wake();

  state = "up";
  endings.push(async () => {
    state = "ending";
  });
  log.info({ port: settings.port }, "crai is ready");
}
