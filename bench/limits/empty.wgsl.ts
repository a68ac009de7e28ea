/** Nothing: what a dispatch costs before its first instruction. */
export function emptyShader() {
  return {
    name: 'empty',
    bindings: {},
    uniforms: { unused: 'u32' },
    workgroupSize: [1, 1],
    body: 'fn kernel(workgroup: u32, local: u32) {}',
  } as const;
}
