import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { PathFile } from '../model/dropped.js';
import type { Thumbnail } from './protocol.js';

interface ChooseProps {
  readonly label: string;
  readonly name: string;
  readonly accept?: string;
  /** Takes a folder with all that lies in it. */
  readonly folder?: boolean;
  readonly disabled: boolean;
  readonly onFiles: (files: readonly PathFile[]) => void;
}

/** A button that opens the browser's choice of files. */
export function ChooseFiles({ label, name, accept, folder, disabled, onFiles }: ChooseProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (folder) input.current?.setAttribute('webkitdirectory', '');
  }, [folder]);
  return (
    <label class="button" data-disabled={disabled}>
      {label}
      <input
        ref={input}
        type="file"
        name={name}
        multiple
        disabled={disabled}
        {...(accept !== undefined && { accept })}
        onChange={({ currentTarget }) => {
          const files = [...(currentTarget.files ?? [])].map((file) => ({
            path: file.webkitRelativePath || file.name,
            file,
          }));
          currentTarget.value = '';
          if (files.length > 0 || folder) onFiles(files);
        }}
      />
    </label>
  );
}

/** Something wrong with what is here, said beside it. */
export function Fault({ children }: { readonly children: ComponentChildren }) {
  return (
    <div role="alert" class="fault">
      {children}
    </div>
  );
}

/** What went wrong just now. It comes into sight: files may be dropped anywhere. */
export function Trouble({ text }: { readonly text: string }) {
  const told = useRef<HTMLDivElement>(null);
  useEffect(() => told.current?.scrollIntoView({ block: 'nearest' }), [text]);
  return (
    <div ref={told} class="told">
      <Fault>{text}</Fault>
    </div>
  );
}

/** One picture; screen readers pass over it where its words stand beside it. */
export function Picture({
  picture,
  label,
}: {
  readonly picture: Thumbnail;
  readonly label?: string;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const { width, height, channels, pixels } = picture;
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const image = new ImageData(width, height);
    for (let at = 0; at < width * height; at++) {
      for (let colour = 0; colour < 3; colour++) {
        image.data[4 * at + colour] = pixels[at * channels + Math.min(colour, channels - 1)] ?? 0;
      }
      image.data[4 * at + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }, [picture]);
  const named = label
    ? ({ role: 'img', 'aria-label': label } as const)
    : ({ 'aria-hidden': 'true' } as const);
  return (
    <canvas ref={canvas} width={picture.width} height={picture.height} class="thumb" {...named} />
  );
}
