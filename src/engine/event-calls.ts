export interface EventFilter {
  /** `container`, `network`, … */
  readonly types: readonly string[];
  /** `key` or `key=value`. */
  readonly labels: readonly string[];
  /** Told when the engine listens: what changes after this is in the events, so that a state can be read without a gap. */
  readonly opened?: () => void;
  /** Seconds since the epoch: what happened from then on comes first. */
  readonly since?: string;
  /** Seconds since the epoch: the events end then. */
  readonly until?: string;
}

export interface EngineEvent {
  readonly type: string;
  /** `start`, `die`, `health_status: healthy`, … */
  readonly action: string;
  readonly id: string;
  /** Labels and what else the engine tells of the object. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly time: number;
}
