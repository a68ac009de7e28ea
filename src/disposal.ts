/**
 * What `using` ends. Safari lacks `Symbol.dispose`, as the contexts do in which test runners put
 * modules; what compilers make of `using` then looks for this one.
 */
export const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');
