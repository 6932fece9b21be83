import { type Kysely, sql } from "kysely";

/** The record: incidents and their chain, plans and approvals, runs and locks, what came in and what goes out. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table incident (
      number bigint generated always as identity primary key,
      -- What it was declared for: the same cause again is the same incident.
      key text not null unique,
      kind text not null check (kind in ('outage', 'security', 'breach')),
      severity text not null check (severity in ('sev1', 'sev2', 'sev3', 'sev4')),
      status text not null check (status in ('open', 'mitigated', 'resolved')),
      title text not null,
      app text,
      environment text,
      channel text unique,
      channel_name text not null,
      pagerduty_incident text,
      roles jsonb not null default '{}',
      -- Times that its trouble began: with each, people are told and a fix is worked out anew.
      episode int not null default 1,
      episode_at timestamptz not null,
      opened_at timestamptz not null,
      detected_at timestamptz not null,
      acknowledged_at timestamptz,
      mitigated_at timestamptz,
      resolved_at timestamptz
    );
    -- Alerts attach to THE open outage of an app in an environment; two alerts at once cannot open two.
    create unique index incident_open_outage on incident (app, environment)
      where kind = 'outage' and status <> 'resolved' and app is not null;

    create table alert (
      id bigint generated always as identity primary key,
      source text not null,
      fingerprint text not null,
      group_key text,
      -- What an incident of it is; who may hear of it hangs on this.
      kind text not null default 'outage' check (kind in ('outage', 'security', 'breach')),
      starts_at timestamptz not null,
      ends_at timestamptz,
      status text not null check (status in ('firing', 'resolved')),
      level text not null check (level in ('critical', 'warning', 'info')),
      title text not null,
      app text,
      environment text,
      incident bigint references incident,
      received bigint not null default 1,
      last_received_at timestamptz not null,
      -- It fires as far as is known, and nobody has said so for long.
      silent_at timestamptz,
      -- When its source was last asked how it stands.
      asked_at timestamptz,
      -- Who has taken a warning, and when its app's owner was told that nobody had.
      assigned_to jsonb,
      assigned_at timestamptz,
      unassigned_told_at timestamptz,
      -- Arrivals that a digest has told of.
      digested bigint not null default 0,
      body jsonb not null,
      unique (source, fingerprint, starts_at)
    );
    create index alert_firing on alert (last_received_at) where status = 'firing';
    create index alert_undigested on alert (app) where level = 'info' and digested < received;
    create index alert_of_app on alert (app, environment, last_received_at);
    create index alert_of_incident on alert (incident);
    create index alert_confidential on alert (group_key) where kind <> 'outage';

    -- What Prometheus said around an incident, as its post-mortem shows it.
    create table incident_readings (
      incident bigint not null references incident,
      until timestamptz not null,
      document jsonb not null,
      taken_at timestamptz not null,
      primary key (incident, until)
    );

    create table stream (stream text primary key, seq bigint not null, hash text not null);
    create table timeline_entry (
      stream text not null references stream,
      seq bigint not null,
      at timestamptz not null,
      key text not null,
      actor jsonb not null,
      fact jsonb not null,
      previous text not null,
      hash text not null,
      primary key (stream, seq),
      unique (stream, key)
    );
    create function refuse_change() returns trigger language plpgsql as $$
      begin raise exception 'the timeline is append-only: % refused', tg_op; end $$;
    create trigger timeline_is_append_only before update or delete or truncate on timeline_entry
      for each statement execute function refuse_change();

    create table plan (
      number bigint generated always as identity primary key,
      key text not null unique,
      document jsonb not null,
      hash text not null,
      fingerprint text not null,
      status text not null check (status in ('waiting', 'started', 'denied', 'expired', 'voided')),
      why text,
      app text,
      environment text,
      incident bigint references incident,
      actor_key text not null,
      channel text,
      created_at timestamptz not null,
      expires_at timestamptz not null,
      asked_at timestamptz
    );
    create index plan_waiting on plan (expires_at) where status = 'waiting';
    create index plan_of_incident on plan (incident);

    create table approval (
      plan bigint not null references plan,
      actor_key text not null,
      actor jsonb not null,
      decision text not null check (decision in ('confirmed', 'approved', 'break-glass', 'denied')),
      reason text,
      plan_hash text not null,
      at timestamptz not null,
      primary key (plan, actor_key)
    );

    create table run (
      number bigint generated always as identity primary key,
      -- One plan is run once, whatever is pressed how often.
      plan bigint not null unique references plan,
      app text,
      environment text,
      incident bigint references incident,
      actor jsonb not null,
      executor text not null check (executor in ('serve', 'cli')),
      status text not null check (status in ('queued', 'running', 'finished')),
      outcome text,
      verdict text,
      detail text,
      stop_asked_by jsonb,
      stop_asked_at timestamptz,
      created_at timestamptz not null,
      started_at timestamptz,
      finished_at timestamptz
    );
    create index run_of_incident on run (incident);
    create index run_unfinished on run (number) where status <> 'finished';

    create table run_step (
      run bigint not null references run,
      step text not null,
      position int not null,
      phase text not null check (phase in ('intended', 'acted', 'finished')),
      document jsonb not null,
      outcome text,
      detail text,
      evidence jsonb not null default '[]',
      found jsonb,
      attempt int not null default 1,
      intended_at timestamptz not null,
      acted_at timestamptz,
      finished_at timestamptz,
      primary key (run, step)
    );

    create table step_answer (
      run bigint not null references run,
      step text not null,
      item text not null,
      actor jsonb not null,
      value jsonb not null,
      note text,
      at timestamptz not null,
      -- The first answer to an item counts, whoever presses how often.
      primary key (run, step, item)
    );

    create sequence lock_fence;
    create table lock (
      target text primary key,
      run bigint not null references run,
      fence bigint not null default nextval('lock_fence'),
      holder jsonb not null,
      taken_at timestamptz not null
    );

    create table inbox (
      id bigint generated always as identity primary key,
      source text not null,
      key text not null,
      body jsonb not null,
      received_at timestamptz not null,
      done_at timestamptz,
      error text,
      attempts int not null default 0,
      next_at timestamptz,
      unique (source, key)
    );
    create index inbox_open on inbox (id) where done_at is null;

    create table outbox (
      id bigint generated always as identity primary key,
      key text not null unique,
      system text not null check (system in ('slack', 'pagerduty')),
      lane text not null,
      message jsonb not null,
      version int not null default 1,
      delivered_version int not null default 0,
      receipt jsonb,
      attempts int not null default 0,
      next_at timestamptz not null,
      failed_at timestamptz,
      error text,
      created_at timestamptz not null,
      changed_at timestamptz not null
    );
    create index outbox_open on outbox (system, lane, id) where delivered_version < version and failed_at is null;

    create table deadline (
      key text primary key,
      kind text not null,
      subject jsonb not null,
      due_at timestamptz not null,
      done_at timestamptz
    );
    create index deadline_open on deadline (due_at) where done_at is null;

    -- Each time that a playbook was to start by itself, whether it did or not.
    create table occurrence (
      playbook text not null,
      -- By the clocks of the team.
      day text not null,
      due_at timestamptz not null,
      overdue_at timestamptz not null,
      -- crai was down, and a later one came before it was back.
      missed boolean not null default false,
      plan bigint references plan,
      trouble text,
      primary key (playbook, day)
    );
    create index occurrence_due on occurrence (due_at);

    -- Whether a playbook could be planned for an app when that was last seen.
    create table rot (
      subject text primary key,
      able boolean not null,
      why text,
      seen_at timestamptz not null
    );

    create table revision_health (
      target text not null,
      template text not null,
      revision bigint not null,
      well_since timestamptz,
      healthy_at timestamptz,
      bad_at timestamptz,
      bad_why text,
      seen_at timestamptz not null,
      primary key (target, template)
    );

    create table secret (name text primary key, value text not null);

    create table cluster_endpoint (
      cluster text primary key,
      server text not null,
      ca text,
      seen_at timestamptz not null
    );

    create table member_list (
      source text primary key,
      people jsonb not null,
      told_at timestamptz not null
    );

    create table webhook (
      source text primary key,
      seen_at timestamptz,
      refused_at timestamptz,
      refused_why text
    );
  `.execute(db);
}
