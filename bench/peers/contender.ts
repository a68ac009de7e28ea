import { DISPOSE } from '../../src/disposal.js';
import type { Contender, ContestContext, Cost, RivalOf, Shape } from '../benchmark.js';
import { byWall, timeRepeated } from '../sampling.js';
import type { Peer, PeerWorks, Prepare } from './peer.js';

/** What a work asks of a peer, and how it judges the answer. */
export interface Challenge<Task, Answer> {
  readonly task: Task;
  /** @throws when the answer is wrong. */
  readonly check: (answer: Answer) => string;
  /** Known once an answer has been checked. */
  readonly cost: () => Cost;
}

/**
 * A run that takes longer is not repeated: the verified run is its timing, compilation included.
 */
const SLOW_MILLIS = 30_000;

/** Peers where they do a work, and what it asks of them. */
export function rivalry<S extends Shape, Task, Answer>(
  findProgram: (works: PeerWorks, shape: S) => Prepare<Task, Answer> | undefined,
  challenge: (context: ContestContext, shape: S) => Promise<Challenge<Task, Answer>>,
): RivalOf<S> {
  return (peer, form, shape) => {
    const prepare = findProgram(peer.works[form] ?? {}, shape);
    if (!prepare) return undefined;
    return async (context) =>
      peerContender(context, peer, prepare, await challenge(context, shape));
  };
}

/** A peer's program as a contender like any other. */
async function peerContender<Task, Answer>(
  { device, own }: ContestContext,
  peer: Peer,
  prepare: Prepare<Task, Answer>,
  { task, check, cost }: Challenge<Task, Answer>,
): Promise<Contender> {
  requireSameAdapter(device.raw, await peer.open());
  const program = await prepare(task);
  own({ [DISPOSE]: () => freed(program) });
  // Here and not in `verify`: a program that does not run has failed, and is not wrong.
  // Paced by the host as this library's own waits are: in Node a peer took up to four times as long.
  const run = (times: number) => device.wait(program.run(times));
  const start = performance.now();
  await run(1);
  const first = performance.now() - start;
  const only = first > SLOW_MILLIS ? [first] : undefined;
  return {
    verify: async () => check(await program.answer()),
    time: async (seconds) => (only ? byWall(only.splice(0)) : timeRepeated(run, seconds)),
    cost,
  };
}

function freed(program: Disposable): void {
  try {
    program[DISPOSE]();
  } catch {
    // One that failed half-way may not know what it holds; that must not end the benchmark.
  }
}

/** @throws when the peer has opened another adapter than this library: they would not compare. */
function requireSameAdapter(own: GPUDevice, other: GPUDevice): void {
  const [ours, theirs] = [own, other].map(({ adapterInfo }) =>
    [adapterInfo.vendor, adapterInfo.architecture, adapterInfo.description].join(' '),
  );
  if (ours !== theirs) throw new Error(`it opened another adapter, ${theirs} and not ${ours}`);
}
