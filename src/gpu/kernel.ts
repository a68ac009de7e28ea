import { EspalierError } from '../errors.js';
import { memo } from '../memo.js';
import type { GpuBuffer } from './buffer.js';
import { type Device, UNIFORM_SLOT } from './device.js';

export type Access = 'read' | 'read_write';
export type ElementType = 'f32' | 'u32' | 'vec2<f32>' | 'vec2<u32>' | 'vec4<f32>';

export type Bindings = Readonly<Record<string, readonly [Access, ElementType]>>;

/**
 * One kernel, declared once. From this record come the WGSL of its bindings and its uniform
 * struct, the packing of its uniforms, its pipeline's key and its bind group, so that none of them
 * can drift from the others. The functions in `shaders/` return such records.
 */
export interface KernelRecord<B extends Bindings = Bindings, Uniform extends string = string> {
  readonly name: string;
  /** Storage buffers in binding order, each an array of its element type. */
  readonly bindings: B;
  /** Scalars, read in the shader as `params.<name>`. */
  readonly uniforms: Readonly<Record<Uniform, 'u32' | 'f32'>>;
  readonly workgroupSize: readonly [number, number];
  /** WGSL extensions, such as `subgroups`. */
  readonly enable?: readonly string[];
  /** WGSL without bindings: module-scope declarations and `fn kernel(workgroup, local)`. */
  readonly body: string;
}

/** A compiled kernel with its buffers: all that a dispatch needs but its uniforms and its grid. */
export interface BoundKernel<Uniform extends string = string> {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly uniforms: readonly (readonly [Uniform, 'u32' | 'f32'])[];
}

const COMPUTE_STAGE = 0x4;

/** The whole WGSL module of a kernel; it is also the pipeline's key. */
function moduleText(record: KernelRecord): string {
  const bindings = Object.entries(record.bindings).map(
    ([name, [access, element]], index) =>
      `@group(0) @binding(${index + 1}) var<storage, ${access}> ${name}: array<${element}>;`,
  );
  const fields = Object.entries(record.uniforms).map(([name, type]) => `  ${name}: ${type},`);
  const subgroups = record.enable?.includes('subgroups');
  const [x, y] = record.workgroupSize;
  return [
    ...(record.enable ?? []).map((extension) => `enable ${extension};`),
    'struct Params {',
    ...fields,
    '}',
    '@group(0) @binding(0) var<uniform> params: Params;',
    ...bindings,
    record.body.trim(),
    `@compute @workgroup_size(${x}, ${y})`,
    'fn main(',
    '  @builtin(workgroup_id) id: vec3<u32>,',
    '  @builtin(num_workgroups) count: vec3<u32>,',
    '  @builtin(local_invocation_index) local: u32,',
    ...(subgroups ? ['  @builtin(subgroup_invocation_id) lane: u32,'] : []),
    ') {',
    // A grid past 65,535 workgroups is folded into two dimensions; kernels see one index.
    `  kernel(id.x + id.y * count.x, local${subgroups ? ', lane' : ''});`,
    '}',
    '',
  ].join('\n');
}

/**
 * Compiles the kernel, or takes it from the device's cache, and binds its buffers.
 *
 * @throws shader when WGSL or pipeline are refused; limit-exceeded when the kernel binds more
 *   buffers than the adapter allows.
 */
export async function prepareKernel<B extends Bindings, Uniform extends string>(
  device: Device,
  record: KernelRecord<B, Uniform>,
  buffers: { readonly [Name in keyof B]: GpuBuffer },
): Promise<BoundKernel<Uniform>> {
  const pipeline = await compiledPipeline(device, record);
  const names = Object.keys(record.bindings);
  const given: Readonly<Record<string, GpuBuffer>> = buffers;
  const layout = pipeline.getBindGroupLayout(0);
  const entries = [
    { binding: 0, resource: { buffer: device.uniformRing, offset: 0, size: UNIFORM_SLOT } },
    ...names.map((name, index) => {
      const buffer = given[name];
      if (!buffer) throw new RangeError(`${record.name} needs a buffer for "${name}".`);
      return { binding: index + 1, resource: { buffer: buffer.raw } };
    }),
  ];
  return {
    pipeline,
    group: device.scoped(`Binding ${record.name}`, () =>
      device.raw.createBindGroup({ label: record.name, layout, entries }),
    ),
    uniforms: Object.entries(record.uniforms) as [Uniform, 'u32' | 'f32'][],
  };
}

function compiledPipeline(device: Device, record: KernelRecord): Promise<GPUComputePipeline> {
  const code = moduleText(record);
  // A failure may be that its wait met an error of other work, which says nothing about this kernel.
  return memo(device.pipelines, code, () => compile(device, record, code));
}

async function compile(
  device: Device,
  record: KernelRecord,
  code: string,
): Promise<GPUComputePipeline> {
  const bound = Object.keys(record.bindings).length;
  const allowed = device.limits.maxStorageBuffersPerShaderStage;
  if (bound > allowed) {
    throw new EspalierError(
      'limit-exceeded',
      `${record.name} binds ${bound} storage buffers; this adapter allows ${allowed}.`,
    );
  }
  const { raw } = device;
  // A scope of its own, not `scoped`: the compiler's messages below tell the line as well.
  raw.pushErrorScope('validation');
  const module = raw.createShaderModule({ label: record.name, code });
  const refused = raw.popErrorScope();
  const { messages } = await device.wait(module.getCompilationInfo());
  const error = messages.find((message) => message.type === 'error');
  if (error) {
    const line = code.split('\n')[error.lineNum - 1]?.trim() ?? '';
    throw new EspalierError(
      'shader',
      `${record.name}, line ${error.lineNum}: ${error.message} in "${line}"`,
    );
  }
  const other = await refused;
  if (other) throw new EspalierError('shader', `${record.name}: ${other.message}`);
  const layout = raw.createBindGroupLayout({
    label: record.name,
    entries: [
      {
        binding: 0,
        visibility: COMPUTE_STAGE,
        buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: 0 },
      },
      ...Object.values(record.bindings).map(([access], index) => ({
        binding: index + 1,
        visibility: COMPUTE_STAGE,
        buffer: { type: access === 'read' ? ('read-only-storage' as const) : ('storage' as const) },
      })),
    ],
  });
  try {
    return await device.wait(
      raw.createComputePipelineAsync({
        label: record.name,
        layout: raw.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: 'main' },
      }),
    );
  } catch (cause) {
    if (cause instanceof EspalierError) throw cause;
    throw new EspalierError('shader', `${record.name}: ${String(cause)}`, { cause });
  }
}
