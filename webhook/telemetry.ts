import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** The webhook's metrics (Prometheus). */
export type Telemetry = ReturnType<typeof createTelemetry>;

export function createTelemetry() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    injections: new Counter({
      name: 'sidetail_webhook_injections_total',
      help: 'Admission requests answered, by result and reason.',
      labelNames: ['result', 'reason'] as const,
      registers,
    }),
    refused: new Counter({
      name: 'sidetail_webhook_bad_requests_total',
      help: 'Requests that are not an AdmissionReview v1.',
      registers,
    }),
    duration: new Histogram({
      name: 'sidetail_webhook_duration_seconds',
      help: 'Time from a whole request to its answer.',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 3],
      registers,
    }),
    certificateExpiry: new Gauge({
      name: 'sidetail_webhook_certificate_expiry_timestamp_seconds',
      help: 'When the certificate in use ends, seconds since the epoch.',
      registers,
    }),
    certificateLife: new Gauge({
      name: 'sidetail_webhook_certificate_life_seconds',
      help: 'How long the certificate in use is valid in all.',
      registers,
    }),
    certificateSteps: new Counter({
      name: 'sidetail_webhook_certificate_steps_total',
      help: 'What was done to keep the certificate (issue, stage, promote, prune), and looks that failed.',
      labelNames: ['step', 'result'] as const,
      registers,
    }),
    reloads: new Counter({
      name: 'sidetail_webhook_reloads_total',
      help: 'Changed files read again: settings or certificate, by result.',
      labelNames: ['what', 'result'] as const,
      registers,
    }),
  };
}
