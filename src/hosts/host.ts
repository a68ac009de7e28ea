import type { Device } from '../gpu/device.js';

/** Which adapter to take: `auto` takes hardware where there is some, otherwise software. */
export type AdapterPreference = 'auto' | 'hardware' | 'software';

/** What a job gets from its host. */
export interface JobContext<Event> {
  readonly device: Device;
  /** Hands an event to the caller; events arrive in order. Await it, so that the caller can slow the job down. */
  emit(event: Event): Promise<void>;
  /** Fires when the caller wants the job to stop. */
  readonly signal: AbortSignal;
}

/**
 * Work that runs beside the GPU, in this process or in a page. Input, events and output are made
 * of what `encode` in message.ts takes.
 */
export type Job<Input, Event, Output> = (
  context: JobContext<Event>,
  input: Input,
) => Promise<Output>;

/** Jobs by name. Higher rooms give it to a host; no host knows a job. */
export type Jobs = Readonly<Record<string, Job<never, unknown, unknown>>>;

/** What a job is given. */
export type InputOf<J> = J extends Job<infer Input, infer _Event, infer _Output> ? Input : never;
/** What a job emits. */
export type EventOf<J> = J extends Job<never, infer Event, infer _Output> ? Event : never;
/** What a job gives in the end. */
export type OutputOf<J> = J extends Job<never, infer _Event, infer Output> ? Output : never;

/** Who hears of a job's events, and what stops it. */
export interface ExecuteOptions<Event> {
  /** Receives the job's events in order; the job's `emit` waits for its promise. */
  readonly onEvent?: (event: Event) => Promise<void> | void;
  readonly signal?: AbortSignal;
}

/** A place with a GPU device where jobs run. */
export interface Host<J extends Jobs> {
  readonly kind: 'node' | 'chrome' | 'browser';
  /**
   * Runs a job to its end and gives its output.
   *
   * @throws what the job or `onEvent` threw (from a page: an error with the same code and message);
   * bad-config for an unknown job; device-lost when the page or its browser ended.
   */
  execute<Name extends keyof J & string>(
    name: Name,
    input: InputOf<J[Name]>,
    options?: ExecuteOptions<EventOf<J[Name]>>,
  ): Promise<OutputOf<J[Name]>>;
  /** Stops the jobs that still run, and ends the device and whatever process holds it. */
  close(): Promise<void>;
}
