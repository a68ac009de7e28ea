import type { Device } from '../gpu/device.js';

/** Which kind of adapter to use. `auto` uses hardware where there is some, otherwise software. */
export type AdapterPreference = 'auto' | 'hardware' | 'software';

/** What a job gets from its host. */
export interface JobContext<Event> {
  readonly device: Device;
  /**
   * Hands an event to the caller. Events arrive in order. A job that awaits this never runs ahead
   * of the caller.
   */
  emit(event: Event): Promise<void>;
  /** Aborted when the caller wants the job to stop. */
  readonly signal: AbortSignal;
}

/**
 * Work that runs where the device is, in this process or in a page. Input, events and output must
 * be values that `encode` in message.ts can pack.
 */
export type Job<Input, Event, Output> = (
  context: JobContext<Event>,
  input: Input,
) => Promise<Output>;

/** Jobs by name. Hosts know no jobs of their own: whoever opens a host gives it these. */
export type Jobs = Readonly<Record<string, Job<never, unknown, unknown>>>;

/** The input of a job. */
export type InputOf<J> = J extends Job<infer Input, infer _Event, infer _Output> ? Input : never;
/** The events of a job. */
export type EventOf<J> = J extends Job<never, infer Event, infer _Output> ? Event : never;
/** The output of a job. */
export type OutputOf<J> = J extends Job<never, infer _Event, infer Output> ? Output : never;

/** How a caller follows a job and stops it. */
export interface ExecuteOptions<Event> {
  /**
   * Receives the job's events in order. The job's `emit` waits until the returned promise is done.
   */
  readonly onEvent?: (event: Event) => Promise<void> | void;
  readonly signal?: AbortSignal;
}

/** A GPU device and the process or page where jobs run on it. */
export interface Host<J extends Jobs> {
  readonly kind: 'node' | 'chrome' | 'browser';
  /**
   * Runs a job and returns its output.
   *
   * @throws what the job or `onEvent` threw, or, when the job ran in a page, an error with the same
   *   code and message; bad-config for an unknown job; device-lost when the page or its browser
   *   ended.
   */
  execute<Name extends keyof J & string>(
    name: Name,
    input: InputOf<J[Name]>,
    options?: ExecuteOptions<EventOf<J[Name]>>,
  ): Promise<OutputOf<J[Name]>>;
  /** Stops running jobs, destroys the device, and ends the browser if there is one. */
  close(): Promise<void>;
}
