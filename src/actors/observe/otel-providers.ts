// Providers are named by what is asked of them, and not by the peer's types: who has not installed it has no types of it.

/** A `MeterProvider` of OpenTelemetry. */
export interface MeterSource {
  getMeter(name: string, version?: string): unknown;
}

/** A `TracerProvider` of OpenTelemetry. */
export interface TracerSource {
  getTracer(name: string, version?: string): unknown;
}
