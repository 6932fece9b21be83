/** Tables of the runbook's system with rows to look at, to lose and to restore. */
export const creditRiskSchema = `
set role postgres;
create table models (
  version text primary key,
  auc_roc numeric(5, 4) not null,
  accuracy numeric(5, 4) not null,
  trained_at timestamptz not null
);
create table applications (
  id bigint generated always as identity primary key,
  applicant_id text not null,
  amount numeric(12, 2) not null check (amount > 0),
  esg_score numeric(5, 2) not null,
  received_at timestamptz not null
);
create table predictions (
  id bigint generated always as identity primary key,
  application_id bigint not null references applications (id),
  model_version text not null references models (version),
  default_probability numeric(6, 5) not null check (default_probability between 0 and 1),
  made_at timestamptz not null
);
create index predictions_by_application on predictions (application_id);
insert into models values
  ('2023.12', 0.8712, 0.8244, now() - interval '48 days'),
  ('2024.01', 0.8841, 0.8397, now() - interval '20 days');
insert into applications (applicant_id, amount, esg_score, received_at)
  select 'A-' || lpad(i::text, 5, '0'), 1000 + (i * 7919) % 90000, 20 + (i * 31) % 80, now() - i * interval '20 minutes'
  from generate_series(1, 500) i;
insert into predictions (application_id, model_version, default_probability, made_at)
  select id, '2024.01', ((id * 6151) % 10000) / 100000.0, received_at + interval '2 seconds' from applications;
analyze;
`;
