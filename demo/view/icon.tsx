const PATHS = {
  play: 'M5 3.5v13l11-6.5z',
  pause: 'M5 4h3.5v12H5zM11.5 4H15v12h-3.5z',
  step: 'M4 3.5v13l8.5-6.5zM13.5 4H16v12h-2.5z',
  stop: 'M4.5 4.5h11v11h-11z',
  done: 'M8 15.6 2.9 10.5l1.9-1.9L8 11.8l7.2-7.2 1.9 1.9z',
  reset: 'M10 4V1L5.5 5 10 9V6a4.5 4.5 0 1 1-4.4 5.5H3.5A6.6 6.6 0 1 0 10 4z',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
      <path d={PATHS[name]} fill="currentColor" />
    </svg>
  );
}
