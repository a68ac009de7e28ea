/**
 * Passes a generator's values on as events, and gives what it returns. When nobody asks for more,
 * the generator is ended too, so that what it holds on the device is freed.
 */
export async function* relayed<Value, Event, Result>(
  values: AsyncGenerator<Value, Result>,
  eventOf: (value: Value) => Event,
): AsyncGenerator<Event, Result> {
  try {
    for (;;) {
      const next = await values.next();
      if (next.done) return next.value;
      yield eventOf(next.value);
    }
  } finally {
    await values.return(undefined as never);
  }
}

/** Runs a generator to its end, and gives what it returns. */
export async function finalResult<Result>(
  values: AsyncGenerator<unknown, Result>,
): Promise<Result> {
  for (;;) {
    const next = await values.next();
    if (next.done) return next.value;
  }
}
