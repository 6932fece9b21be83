const tests = "credit-risk-tests:v4";
const smallest = { limits: { cpu: "100m", memory: "128Mi" } };
/** The Jobs of crai.yaml: programs that the practice cluster's kubelet knows how to play. */
export const practiceJobs = {
  "smoke-tests": {
    image: tests,
    command: ["python", "scripts/smoke_tests.py"],
    args: ["--url", "${{ url }}"],
    ...smallest,
  },
  "integration-tests": {
    image: tests,
    command: ["pytest", "tests/integration/"],
    args: ["--production-url=${{ url }}"],
    ...smallest,
  },
  "production-validation": {
    image: tests,
    command: ["python", "scripts/production_validation.py"],
    args: ["${{ url }}"],
    report: "json",
    ...smallest,
  },
  "load-test": {
    image: "locustio/locust:2.24.0",
    command: ["locust", "-f", "tests/load/locustfile.py"],
    args: [
      "--host=${{ url }}",
      "--users=100",
      "--spawn-rate=10",
      "--run-time=5m",
      "--headless",
      "--json",
      "--exit-code-on-error=0",
    ],
    report: "locust",
    ...smallest,
  },
  "image-scan": {
    image: "aquasec/trivy:0.50.1",
    command: ["trivy", "image"],
    args: ["--quiet", "--format", "json", "${{ image }}"],
    report: "trivy",
    ...smallest,
  },
  "api-security": {
    image: tests,
    command: ["python", "tests/security/test_api_security.py"],
    args: ["--url", "${{ url }}"],
    ...smallest,
  },
  "analyze-model": {
    image: tests,
    command: ["python", "scripts/analyze_model_performance.py"],
    args: ["--days=${{ values.days }}"],
    report: "json",
    ...smallest,
  },
  "detect-drift": {
    image: tests,
    command: ["python", "scripts/detect_data_drift.py"],
    args: ["--baseline=model_training_data.csv"],
    ...smallest,
  },
  "retrain-model": {
    image: "credit-risk-training:v7",
    command: ["python", "scripts/retrain_model.py"],
    args: ["--days=${{ values.days }}", "--register"],
    limits: { cpu: "200m", memory: "256Mi" },
    deadline: "5h",
    report: "json",
  },
  "monitoring-setup": {
    image: "credit-risk-monitoring:v2",
    command: ["./monitoring/setup-monitoring.sh"],
    namespace: "monitoring",
    lasting: true,
    ...smallest,
  },
};
