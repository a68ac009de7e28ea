/**
 * Passes a generator's values on as events, and gives what it returns. When nobody asks for more,
 * the generator is ended too, so that what it holds on the device is freed.
 */
export async function* relayed<Value, Event, Result>(
  values: AsyncGenerator<Value, Result>,
  toEvent: (value: Value) => Event,
): AsyncGenerator<Awaited<Event>, Result> {
  try {
    for (;;) {
      const next = await values.next();
      if (next.done) return next.value;
      yield toEvent(next.value);
    }
  } finally {
    await values.return(undefined as never);
  }
}

/**
 * Runs a generator to its end and gives what it returns. Each value waits until the listener is done
 * with the one before. When the listener throws, the generator is ended.
 */
export async function finalResult<Value, Result>(
  values: AsyncGenerator<Value, Result>,
  listen: (value: Value) => unknown = () => undefined,
): Promise<Result> {
  const heard = relayed(values, listen);
  for (;;) {
    const next = await heard.next();
    if (next.done) return next.value;
  }
}
