// WebGPU's types, as this package's declarations name them. Where they are declared whole, by
// TypeScript's DOM library from 6 on or by @webgpu/types, these merge with them. Elsewhere the
// declarations stand alone by them: programs hand such objects on, and need nothing of them.
declare global {
  interface GPU {}
  interface GPUAdapter {}
  interface GPUAdapterInfo {}
  interface GPUBindGroup {}
  interface GPUBuffer {}
  interface GPUComputePassTimestampWrites {}
  interface GPUComputePipeline {}
  interface GPUDevice {}
  interface GPURequestAdapterOptions {}
  interface GPUSupportedLimits {}
  interface Navigator {
    readonly gpu: GPU;
  }
}

export {};
