import type { KubeObject } from "../../object.ts";
import type { Condition } from "../objects.ts";

interface Target {
  type: "Utilization" | "AverageValue" | "Value";
  averageUtilization?: number;
  averageValue?: string;
}

export interface ResourceMetric {
  type: string;
  resource?: { name: string; target: Target };
}

export interface Autoscaler extends KubeObject {
  spec: {
    scaleTargetRef: { apiVersion?: string; kind: string; name: string };
    minReplicas?: number;
    maxReplicas: number;
    metrics?: ResourceMetric[];
    behavior?: { scaleDown?: { stabilizationWindowSeconds?: number } };
  };
  status?: AutoscalerStatus;
}

export interface AutoscalerStatus {
  conditions?: Condition[];
  currentMetrics: object[] | null;
  currentReplicas?: number;
  desiredReplicas: number;
  lastScaleTime?: string;
}
