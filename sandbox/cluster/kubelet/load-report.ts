/** What a load test of five minutes with 100 users measured, of a healthy API and of a bad release. */
const figures = {
  good: {
    requests: 36_912,
    failures: 61,
    rps: 123.04,
    median: 58,
    p95: 142,
    p99: 231,
    max: 640,
    average: 66.4,
  },
  bad: {
    requests: 24_480,
    failures: 2_961,
    rps: 81.6,
    median: 210,
    p95: 912,
    p99: 1_480,
    max: 30_020,
    average: 318.7,
  },
};

const paths = [
  { method: "POST", name: "/v1/predict", share: 0.7 },
  { method: "POST", name: "/v1/explain", share: 0.2 },
  { method: "GET", name: "/health", share: 0.1 },
];

function rowsOf(failed: boolean) {
  const all = failed ? figures.bad : figures.good;
  const rows = paths.map(({ share, ...path }) => ({
    ...path,
    ...all,
    requests: Math.round(all.requests * share),
    failures: Math.round(all.failures * share),
    rps: all.rps * share,
  }));
  return [...rows, { method: "", name: "Aggregated", ...all }];
}

/** One line of JSON in the shape of `locust --json`: response times in milliseconds with how many took so long. */
export function jsonReport(failed: boolean): string {
  const started = 1_700_000_000;
  const entries = rowsOf(failed)
    .slice(0, -1)
    .map(({ method, name, requests, failures, average, ...row }) => ({
      name,
      method,
      last_request_timestamp: started + 300,
      start_time: started,
      num_requests: requests,
      num_none_requests: 0,
      num_failures: failures,
      total_response_time: Math.round(requests * average),
      max_response_time: row.max,
      min_response_time: 11,
      total_content_length: requests * 412,
      response_times: {
        [row.median]: Math.round(requests * 0.9),
        [row.p95]: Math.round(requests * 0.08),
        [row.p99]: requests - Math.round(requests * 0.9) - Math.round(requests * 0.08),
      },
    }));
  return JSON.stringify(entries);
}

/** The table that locust prints when it ends. */
export function tableReport(failed: boolean): string[] {
  const rows = rowsOf(failed);
  return [
    "Type     Name            # reqs      # fails |    Avg     Min     Max    Med |   req/s  failures/s",
    ...rows.map(({ method, name, requests, failures, average, max, median, rps }) => {
      const share = `${failures}(${((failures / requests) * 100).toFixed(2)}%)`;
      const left = `${method.padEnd(8)} ${name.padEnd(14)} ${String(requests).padStart(7)} ${share.padStart(12)}`;
      const right = `${String(Math.round(average)).padStart(7)} ${"11".padStart(7)} ${String(max).padStart(7)} ${String(median).padStart(6)}`;
      return `${left} | ${right} | ${rps.toFixed(2).padStart(7)} ${(failures / 300).toFixed(2).padStart(11)}`;
    }),
    "Response time percentiles (approximated)",
    "Type     Name               50%    95%    99%   100% # reqs",
    ...rows.map(({ method, name, requests, median, p95, p99, max }) => {
      const times = [median, p95, p99, max].map((time) => String(time).padStart(6)).join(" ");
      return `${method.padEnd(8)} ${name.padEnd(14)} ${times} ${String(requests).padStart(6)}`;
    }),
  ];
}

/** The page that locust writes, with its figures in it as its own script reads them. */
export function htmlReport(failed: boolean): string[] {
  const requests_statistics = rowsOf(failed).map(({ method, name, requests, failures, rps, ...row }) => ({
    method,
    name,
    safe_name: name,
    num_requests: requests,
    num_failures: failures,
    avg_response_time: row.average,
    min_response_time: 11,
    max_response_time: row.max,
    current_rps: rps,
    total_rps: rps,
    total_fail_per_sec: failures / 300,
    median_response_time: row.median,
    "response_time_percentile_0.95": row.p95,
    "response_time_percentile_0.99": row.p99,
  }));
  return [
    "<!DOCTYPE html>",
    '<html lang="en"><head><title>Locust</title></head><body><div id="root"></div>',
    `<script>window.templateArgs = ${JSON.stringify({ is_report: true, requests_statistics })}</script>`,
    "</body></html>",
  ];
}
