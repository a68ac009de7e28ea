import { type ErrorCode, EspalierError, type ImageSource } from '../../src/index.js';
import type { ErrorDetails } from '../../src/wording.js';
import { sourceOfFiles } from './data.js';

/** What the worker answers: the images, or the error that it met. */
export type Read =
  | { readonly source: ImageSource }
  | { readonly code: ErrorCode; readonly details: ErrorDetails }
  | { readonly unexpected: string };

addEventListener('message', ({ data: files }: MessageEvent<readonly File[]>) => {
  sourceOfFiles(files).then(
    (source) => {
      const { train, test } = source;
      const arrays = [train.pixels, train.labels, test.pixels, test.labels];
      const transfer = [...new Set(arrays.map(({ buffer }) => buffer as ArrayBuffer))];
      answer({ source }, transfer);
    },
    (error: unknown) =>
      answer(
        error instanceof EspalierError
          ? { code: error.code, details: error.details }
          : { unexpected: String(error) },
      ),
  );
});

function answer(read: Read, transfer: ArrayBuffer[] = []): void {
  postMessage(read, { transfer });
}
