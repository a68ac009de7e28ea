declare module 'wgsl-preprocessor/wgsl-preprocessor.js' {
  /** Resolves `#if ${condition}`, `#elif`, `#else` and `#endif` in a WGSL template. */
  export function wgsl(strings: TemplateStringsArray, ...values: unknown[]): string;
}
